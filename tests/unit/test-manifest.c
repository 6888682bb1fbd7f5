/* The JSON of images: what is read from it, and what is refused. */
#include <string.h>

#include "basic/strv.h"
#include "image/manifest.h"

#include "unit-test.h"

#define HEX_A       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B       "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define BLOB_A      "\"digest\":\"sha256:" HEX_A "\",\"size\":7"
#define BLOB_B      "\"digest\":\"sha256:" HEX_B "\",\"size\":8"
#define CONFIG      "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\"," BLOB_A "}"
#define LAYER(type) "{\"mediaType\":\"" type "\"," BLOB_B "}"

static int parse(const char *text, Manifest **ret) {
        return manifest_parse(text, strlen(text), ret, NULL);
}

START_TEST(image_manifest) {
        autoptr(Manifest) m = NULL;

        ck_assert_int_eq(parse("{\"schemaVersion\":2," CONFIG
                               ",\"layers\":[" LAYER("application/vnd.oci.image.layer.v1.tar+zstd") "]}",
                               &m),
                         0);
        ck_assert_str_eq(m->config->digest, HEX_A);
        ck_assert_uint_eq(m->n_layers, 1);
        ck_assert_str_eq(m->layers[0].digest, HEX_B);
        ck_assert_uint_eq(m->layers[0].size, 8);
}
END_TEST

START_TEST(manifests_refused) {
        static const struct {
                const char *text;
                int error;
        } cases[] = {
                { "", -EBADMSG },
                { "[]", -EBADMSG },
                { "{\"schemaVersion\":1}", -EOPNOTSUPP },
                { "{\"schemaVersion\":2}", -EBADMSG },
                { "{\"schemaVersion\":2,\"schemaVersion\":2," CONFIG ",\"layers\":[]}", -EBADMSG },
                /* CVE-2021-41190 */
                { "{\"schemaVersion\":2," CONFIG ",\"layers\":[],\"manifests\":[]}", -EBADMSG },
                { "{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER("text/plain") "]}", -EOPNOTSUPP },
                { "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha512:12\",\"size\":1},\"layers\":[]}",
                  -EOPNOTSUPP },
                { "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX_A "\",\"size\":-1}}",
                  -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Manifest *m = NULL;

                ck_assert_msg(parse(cases[i].text, &m) == cases[i].error, "%s", cases[i].text);
                ck_assert_ptr_null(m);
        }
}
END_TEST

#define PLATFORM(os, architecture) "\"platform\":{\"os\":\"" os "\",\"architecture\":\"" architecture "\"}"
#define NAMED(name)                "\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\"}"

START_TEST(choice) {
        autoptr(Manifest) platforms = NULL, names = NULL;
        const Descriptor *d;

        ck_assert_int_eq(parse("{\"schemaVersion\":2,\"manifests\":[{" BLOB_A
                               "," PLATFORM("linux", "arm64") "},{" BLOB_B "," PLATFORM(
                                       "linux", "amd64") "},{" BLOB_A "," PLATFORM("windows", "amd64") "}]}",
                               &platforms),
                         0);
        ck_assert_int_eq(manifest_choose(platforms, "amd64", NULL, &d, NULL), 0);
        ck_assert_str_eq(d->digest, HEX_B);
        ck_assert_int_eq(manifest_choose(platforms, "s390x", NULL, &d, NULL), -ENOENT);

        ck_assert_int_eq(parse("{\"schemaVersion\":2,\"manifests\":[{" BLOB_A
                               "," NAMED("web:1") "},{" BLOB_B "," NAMED("2") "}]}",
                               &names),
                         0);
        ck_assert_int_eq(manifest_choose(names, "amd64", NULL, &d, NULL), -ENOTUNIQ);
        ck_assert_int_eq(manifest_choose(names, "amd64", "localhost/web:1", &d, NULL), 0);
        ck_assert_str_eq(d->digest, HEX_A);
        ck_assert_int_eq(manifest_choose(names, "amd64", "any:2", &d, NULL), 0);
        ck_assert_str_eq(d->digest, HEX_B);
}
END_TEST

START_TEST(docker_manifests) {
        static const char good[] =
                "[{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\",\"b:2\"],\"Layers\":[\"l/layer.tar\"]},"
                "{\"Config\":\"d.json\",\"RepoTags\":null,\"Layers\":[]}]";
        static const char *const bad[] = { "[]", "{}", "[{}]", "[{\"Config\":1,\"Layers\":[]}]",
                                           "[{\"Config\":\"c\",\"Layers\":[1]}]" };
        autoptr(DockerManifest) m = NULL;

        ck_assert_int_eq(docker_manifest_parse(good, strlen(good), &m, NULL), 0);
        ck_assert_uint_eq(m->n_images, 2);
        ck_assert_str_eq(m->images[0].config, "c.json");
        ck_assert_str_eq(m->images[0].names[1], "b:2");
        ck_assert_str_eq(m->images[0].layers[0], "l/layer.tar");
        ck_assert_ptr_null(m->images[1].names);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                DockerManifest *none = NULL;

                ck_assert_msg(docker_manifest_parse(bad[i], strlen(bad[i]), &none, NULL) == -EBADMSG, "%s",
                              bad[i]);
        }
}
END_TEST

START_TEST(configurations) {
        static const char text[] =
                "{\"created\":\"2024-02-29T12:00:00.5+02:00\",\"architecture\":\"arm64\",\"os\":\"linux\","
                "\"config\":{"
                "\"Entrypoint\":[\"/e\"],\"Cmd\":null,\"Env\":[\"A=b\"],\"User\":\"1:2\",\"WorkingDir\":\"/"
                "w\","
                "\"Volumes\":{\"/v\":{}},\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"k\":\"v\"},"
                "\"StopSignal\":\"SIGQUIT\",\"Healthcheck\":{\"Test\":[\"CMD\",\"/check\"],"
                "\"Interval\":5000000000,\"Timeout\":-1,\"StartPeriod\":null,\"Retries\":4}},\"rootfs\":{"
                "\"diff_ids\":[\"sha256:" HEX_A "\"]}}";
        static const char wrong[] = "{\"config\":{\"Cmd\":\"not a list\"}}";
        autoptr(ConfigBlob) c = NULL, made = NULL;
        autofree char *again = NULL;
        ConfigBlob *none = NULL;

        ck_assert_int_eq(config_blob_parse(text, strlen(text), &c, NULL), 0);
        ck_assert_int_eq(c->created, 1709200800);
        ck_assert_str_eq(c->architecture, "arm64");
        ck_assert_str_eq(c->diff_ids[0], HEX_A);
        ck_assert_str_eq(c->config->entrypoint[0], "/e");
        ck_assert_ptr_null(c->config->cmd);
        ck_assert_str_eq(c->config->volumes[0], "/v");
        ck_assert_str_eq(c->config->exposed_ports[0], "80/tcp");
        ck_assert_str_eq(c->config->labels[0], "k=v");

        ck_assert_str_eq(c->config->health.test[1], "/check");
        ck_assert_uint_eq(c->config->health.interval, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(c->config->health.timeout, 0);
        ck_assert_uint_eq(c->config->health.retries, 4);

        /* What we write ourselves reads back. */
        ck_assert_int_eq(config_blob_make(c->config, HEX_B, c->created, &again), 0);
        ck_assert_int_eq(config_blob_parse(again, strlen(again), &made, NULL), 0);
        ck_assert_int_eq(made->created, c->created);
        ck_assert_str_eq(made->diff_ids[0], HEX_B);
        ck_assert(strv_equal(made->config->env, c->config->env));
        ck_assert(strv_equal(made->config->volumes, c->config->volumes));
        ck_assert(strv_equal(made->config->labels, c->config->labels));
        ck_assert_str_eq(made->config->stop_signal, "SIGQUIT");
        ck_assert(strv_equal(made->config->health.test, c->config->health.test));
        ck_assert_uint_eq(made->config->health.interval, c->config->health.interval);
        ck_assert_uint_eq(made->config->health.retries, c->config->health.retries);

        ck_assert_int_eq(config_blob_parse(wrong, strlen(wrong), &none, NULL), -EBADMSG);
}
END_TEST

TEST_MAIN("image: manifest", image_manifest, manifests_refused, choice, docker_manifests, configurations)
