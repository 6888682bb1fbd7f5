# A system bus of the test's own, with our policy, after enter_private. The user "daemon" is let through to the manager's own
# check.
# shellcheck shell=bash disable=SC2154
start_bus() {
        mkdir -p /run/dbus
        cat >"$work/bus.conf" <<EOF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
        <type>system</type>
        <listen>unix:path=/run/dbus/system_bus_socket</listen>
        <auth>EXTERNAL</auth>
        <policy context="default">
                <allow user="*"/>
                <deny own="*"/>
                <deny send_type="method_call"/>
                <allow send_type="signal"/>
                <allow send_requested_reply="true" send_type="method_return"/>
                <allow send_requested_reply="true" send_type="error"/>
                <allow receive_type="method_call"/>
                <allow receive_type="method_return"/>
                <allow receive_type="error"/>
                <allow receive_type="signal"/>
                <allow send_destination="org.freedesktop.DBus"/>
        </policy>
        <include>$top/units/org.nsunits1.conf</include>
        <policy user="daemon">
                <allow send_destination="org.nsunits1"/>
        </policy>
</busconfig>
EOF
        dbus-daemon --config-file="$work/bus.conf" --nofork --nopidfile --nosyslog 2>"$work/bus.log" &
        check "a bus" wait_until 20 test -S /run/dbus/system_bus_socket
}
