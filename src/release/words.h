// What a program that failed said, for a person.

#pragma once

#include <string>

#include "rampart/base/program.h"
#include "rampart/base/result.h"

namespace rampart::release {

inline constexpr base::Micros kProgramTime = std::chrono::seconds{60};

/// The last line of its complaint, or its exit status.
std::string complaint_of(const base::ProgramResult& result);

/// "PROGRAM: complaint".
base::Error failed(const std::string& program, const base::ProgramResult& result);

}  // namespace rampart::release
