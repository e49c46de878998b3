// Unix sockets of the root helper's protocol.

#pragma once

#include <string>

#include <sys/un.h>

#include "rampart/base/result.h"

#include "descriptor.h"

namespace rampart::release {

base::Result<sockaddr_un> socket_address(const std::string& path);

/// Non-blocking. @return Unavailable if nobody listens, Denied if it may not be opened
base::Result<Descriptor> connect_to(const std::string& path);

}  // namespace rampart::release
