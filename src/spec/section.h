/*
 * The sections of unit files: the one list of them. Each has a struct (WORD-section.h), a list of keys
 * (WORD-keys.def), a place in section-keys.def, and an interface on the bus, org.nsunits1.TITLE.
 */
#pragma once

#include "basic/unit-name.h"
#include "spec/artifact-section.h"
#include "spec/build-section.h"
#include "spec/container-section.h"
#include "spec/image-section.h"
#include "spec/kube-section.h"
#include "spec/network-section.h"
#include "spec/pod-section.h"
#include "spec/service-section.h"
#include "spec/unit-section.h"
#include "spec/volume-section.h"

/* Sections of every kind of unit. X(word, title, struct) */
#define COMMON_SECTION_LIST(X)                \
        X(unit, "Unit", UnitSection)          \
        X(quadlet, "Quadlet", QuadletSection) \
        X(service, "Service", ServiceSection) \
        X(install, "Install", InstallSection)

/* The section that one kind of unit has for itself. X(word, title, struct, kind) */
#define OWN_SECTION_LIST(X)                                         \
        X(container, "Container", ContainerSection, UNIT_CONTAINER) \
        X(pod, "Pod", PodSection, UNIT_POD)                         \
        X(network, "Network", NetworkSection, UNIT_NETWORK)         \
        X(volume, "Volume", VolumeSection, UNIT_VOLUME)             \
        X(image, "Image", ImageSection, UNIT_IMAGE)                 \
        X(build, "Build", BuildSection, UNIT_BUILD)                 \
        X(kube, "Kube", KubeSection, UNIT_KUBE)                     \
        X(artifact, "Artifact", ArtifactSection, UNIT_ARTIFACT)

/** section_of_kind() - the title of the section that @kind has for itself: "Container". */
const char *section_of_kind(UnitKind kind);

/** section_kind() - the kind whose own section bears this title; UNIT_KIND_INVALID_ for a common or an
 * unknown one. */
UnitKind section_kind(const char *title);

/** section_allowed() - may a unit of this kind have the section? */
bool section_allowed(UnitKind kind, const char *title);
