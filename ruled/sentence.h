/* SPDX-License-Identifier: AGPL-3.0-only */
/* The sentences of alerts, one kind for each kind of finding; what detector_say() chooses from.
 * Pure. */
#pragma once

#include "ruled/detector.h"

void sentence_rate(const struct finding *finding, char *out, size_t size);
void sentence_burst(const struct finding *finding, char *out, size_t size);
void sentence_short_jobs(const struct finding *finding, char *out, size_t size);
void sentence_crashes(const struct finding *finding, char *out, size_t size);
void sentence_execs(const struct finding *finding, char *out, size_t size);
void sentence_oom_kills(const struct finding *finding, char *out, size_t size);
void sentence_level(const struct finding *finding, char *out, size_t size);
void sentence_growth(const struct finding *finding, char *out, size_t size);
void sentence_breaker(const struct finding *finding, char *out, size_t size);
void sentence_pressure(const struct finding *finding, char *out, size_t size);
