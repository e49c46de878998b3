// Where the root helper for held mail listens, and the key of the mark on held mail.
//
// Pure: plain values.

#pragma once

#include <string>

namespace rampart::release {

struct Options {
  /// Unix socket of `rampart releaser`. "": nobody releases held mail but people.
  std::string socket = "/run/rampart-releaser/releaser.sock";
  std::string key_file = "/var/lib/rampart/hold.key";
};

}  // namespace rampart::release
