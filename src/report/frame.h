// The part of a log line that every program's has: "Nov 21 00:03:39 mta1 postfix/smtp[983]: ...".
//
// Source: RFC 3164 4.1.
// Pure.
// Limits: a line is cut at 64 KiB, names at 255 bytes.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rampart/base/time.h"
#include "rampart/report/stamp.h"

namespace rampart::report {

/// Views into the line.
struct Frame {
  std::string_view host;
  std::string_view program;  ///< "postfix/smtp"
  std::uint32_t pid = 0;
  std::string_view message;  ///< without the line end
};

/// A line cut at 64 KiB, without its end.
std::string_view trim_line(std::string_view line) noexcept;

/// A name cut at 255 bytes.
std::string_view trim_name(std::string_view name) noexcept;

/// @param time  Set to the stamp's if the line has one, whatever follows.
/// @return      nullopt if it is no log line.
std::optional<Frame> parse_frame(std::string_view line, StampReader& stamps, base::WallTime& time);

}  // namespace rampart::report
