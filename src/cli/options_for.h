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
std::unique_ptr<config::HelperConfig> load_helper_config(const Arguments& arguments);

/// Problem lines with the source line and a caret under the place.
std::string render_problem(const config::Problem& problem);

}  // namespace rampart::cli
