// Where the command socket is and who may use it.
//
// Pure: plain values.

#pragma once

#include <string>

namespace rampart::control {

struct Options {
  std::string socket = "/run/rampart/control.sock";
  std::string group =
      "rampart-admin";  ///< owns the socket, mode 0660; a missing group: root and our own user only
};

}  // namespace rampart::control
