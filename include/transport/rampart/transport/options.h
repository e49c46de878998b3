// Where the transport table of waiting mail is.
//
// Pure: plain values.

#pragma once

#include <string>

namespace rampart::transport {

struct Options {
  std::string table;                          ///< "hash:/PATH" or "lmdb:/PATH"; "": none is kept
  std::string postmap = "/usr/sbin/postmap";  ///< the program that indexes it
  std::string postfix_config;                 ///< directory of main.cf; "": Postfix's own default
};

}  // namespace rampart::transport
