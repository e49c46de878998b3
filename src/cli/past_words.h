// What was read of old logs, in words and as JSON: the same for every command that reads them.
//
// Threads: main thread.

#pragma once

#include <string>
#include <string_view>

#include "rampart/base/time.h"
#include "rampart/feed/archive.h"

#include "json_fwd.h"

namespace rampart::cli {

/// Tells on standard error which files could not be read, wholly or in part, and which are no
/// MTA's logs.
/// @return whether some could not be read
bool tell_problems(const feed::Archive& archive);

/// Throws Failure if no line of an MTA was read.
/// @param format  as which lines were read: "auto", "postfix", "sendmail"
/// @param so      what does not come about: "nothing to replay"
void require_lines(const feed::Archive& archive, std::string_view format, std::string_view so);

/// "read 2 files, 21 lines, 2026-03-02 00:00 to ...", what two files told, and what nobody
/// understands.
std::string render_files(const feed::Archive& archive, base::Micros took);
std::uint64_t lines_per_second(const feed::Archive& archive, base::Micros took);

Json files_json(const feed::Archive& archive);
Json not_understood_json(const feed::Archive& archive);

}  // namespace rampart::cli
