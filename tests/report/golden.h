// Events as text, one line each, for comparison with *.expect files; and the reading of such files.

#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/report/event.h"

namespace rampart::test {

/// "delivery queue=E2BF8A9C10B to=ok@sink.example relay=mx1.sink.example[203.0.113.100]:25
/// status=sent stage=end-of-data code=250 enhanced=2.0.0 dsn=2.0.0 leaves=yes said: 250 2.0.0 Ok".
/// Fields that say nothing are left out; what was said is cut after 100 bytes.
std::string describe(const report::LogLine& line);

/// The lines of a file, without their ends; fails the test if there is no such file.
std::vector<std::string> read_lines(const std::string& path);

/// The files in a directory whose names end in `suffix`, sorted; empty if there is no such
/// directory.
std::vector<std::string> find_files(const std::string& directory, std::string_view suffix);

/// tests/golden/postfix, tests/golden/sendmail.
std::string golden_directory(std::string_view mta);

/// One random edit: a byte changed, removed or inserted; a piece cut off, doubled or moved.
std::string mutate(std::string line, std::mt19937& random);

}  // namespace rampart::test
