// What rampart learns from, judged as a whole: logs, the journal, and the doors for bounce mails.

#pragma once

#include "draft.h"
#include "files.h"
#include "findings.h"

namespace rampart::config {

/// Some [dsn] key lets bounce mails in.
bool has_door(const Draft& draft) noexcept;
/// Outgoing mail gets a token: as the file says, else if there is a door.
bool wants_token(const Draft& draft) noexcept;

/// Sources against each other and against the rest. Pure.
void check_sources(const Draft& draft, const Places& places, Findings& findings);
/// Logs, time zones and mailboxes that the configuration names.
void check_source_files(const Draft& draft,
                        const Places& places,
                        const Files& files,
                        Findings& findings);

}  // namespace rampart::config
