// The configuration a command works with.
//
// Threads: main thread.

#pragma once

#include <memory>
#include <string>

#include "rampart/config/config.h"

#include "arguments.h"
#include "output.h"

namespace rampart::cli {

/// The file to read: "" if none was named and the usual one is not there.
config::Where where_of(const Arguments& arguments);

/// Throws Failure with every problem if the file has an error.
std::unique_ptr<config::Config> load_config(const Arguments& arguments);
std::unique_ptr<config::FileConfig> load_file_config(const Arguments& arguments);
provider::Table load_providers(const Arguments& arguments);

/// The command socket of the service. What is wrong with the file is warned of; Failure only if a
/// file that was named does not tell the socket: people must not command another service than they
/// meant.
std::string find_socket(const Arguments& arguments);

/// Problem lines with the source line and a caret under the place.
std::string render_problem(const config::Problem& problem);

}  // namespace rampart::cli
