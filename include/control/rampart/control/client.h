// The client's end of the command socket: one JSON request a line, one JSON answer a line.
//
// Threads: any function from any thread; each call opens its own connection.
// Errors: Unavailable if nothing listens, Denied if the socket may not be opened, Timeout, Corrupt
// if the answer ends early. What the service itself refuses is an answer:
// {"error":{"code":...,"text":...}}.
// Limits: a request has at most kRequestBytesMax bytes, an answer at most 256 MiB.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/base/result.h"
#include "rampart/base/time.h"

namespace rampart::control {

inline constexpr std::size_t kRequestBytesMax = std::size_t{4} << 20;  ///< with its line end

/// Sends one request and waits for its answer.
/// @param json_text  one JSON object without line breaks
/// @param timeout    for everything together
/// @return the answer without its line end
base::Result<std::string> request(const std::string& socket,
                                  std::string_view json_text,
                                  base::Micros timeout);

}  // namespace rampart::control
