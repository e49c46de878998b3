// Which room may use which: the one table, for includes and for CMake.
//
// Pure: every function may be called from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source.h"

namespace rampart::tidy {

/// True if `room` may link to `other`.
bool may_use(std::string_view room, std::string_view other);

/// True if `room` may include "rampart/<other>/<header>".
bool may_include(std::string_view room, std::string_view other, std::string_view header);

/// #include of another room, of another room's inside, or of a library that is not the room's.
void check_includes(const Source& source, Findings& findings);

/// rampart_room(... DEPENDS ...) beyond the table. `path` is of a CMakeLists.txt.
void check_depends(std::string_view path, std::string_view text, Findings& findings);

}  // namespace rampart::tidy
