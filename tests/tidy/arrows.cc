#include "arrows.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "rampart/base/text.h"

namespace rampart::tidy {
namespace {

using Names = std::vector<std::string_view>;

struct Room {
  std::string_view name;
  Names uses;  ///< besides base and mail
};

const std::vector<Room>& rooms() {
  static const std::vector<Room> kRooms{
      {"base", {}},
      {"mail", {}},
      {"report", {}},
      {"reply", {}},
      {"provider", {}},
      {"ramp", {"reply"}},
      {"suppression", {"reply"}},
      {"store", {"ramp", "suppression"}},
      {"telemetry", {}},
      {"policy", {"reply", "provider", "ramp", "suppression"}},
      {"correlate", {"report", "reply", "provider", "ramp", "suppression", "policy"}},
      {"ledger",
       {"reply", "provider", "ramp", "suppression", "store", "policy", "correlate", "telemetry"}},
      {"learner",
       {"report", "reply", "provider", "ramp", "suppression", "store", "policy", "correlate",
        "ledger", "telemetry"}},
      {"engine",
       {"report", "ramp", "suppression", "store", "policy", "ledger", "learner", "telemetry"}},
      {"config", {"reply", "provider", "ramp", "suppression", "policy", "engine", "telemetry"}},
      {"history", {"report", "reply", "provider", "ramp", "suppression", "policy", "correlate"}},
      {"milter", {"policy", "engine", "telemetry"}},
      {"feed", {"report", "engine", "telemetry"}},
      {"release", {"engine", "telemetry"}},
      {"transport", {"engine", "telemetry"}},
      {"resolve", {"provider", "engine", "telemetry"}},
      {"control", {"engine", "telemetry"}},
      {"web", {"engine", "telemetry"}},
      {"sim", {"report", "reply", "provider", "ramp", "policy", "engine", "store"}},
      {"cli",
       {"report", "reply", "provider", "ramp", "suppression", "store", "telemetry", "policy",
        "engine", "config", "history", "feed", "release", "transport", "resolve", "control",
        "sim"}},
      {"daemon",
       {"report", "reply", "provider", "ramp", "suppression", "store", "telemetry", "policy",
        "engine", "config", "history", "milter", "feed", "release", "transport", "resolve",
        "control", "web", "cli"}},
  };
  return kRooms;
}

const Room* find_room(std::string_view name) {
  const auto room =
      std::find_if(rooms().begin(), rooms().end(), [&](const Room& r) { return r.name == name; });
  return room == rooms().end() ? nullptr : &*room;
}

struct Library {
  std::string_view prefix;  ///< of the header's name
  Names rooms;              ///< empty: all
};

const std::vector<Library>& libraries() {
  static const std::vector<Library> kLibraries{
      {"fmt/", {}},
      {"libmilter/", {"milter"}},
      {"sqlite3.h", {"store"}},
      {"hiredis/", {"store"}},
      {"re2/", {"reply"}},
      {"libpsl.h", {"provider"}},
      {"idn2.h", {"mail"}},
      {"spdlog/", {"telemetry"}},
      {"prometheus/", {"telemetry"}},
      {"toml++/", {"config"}},
      {"CLI/", {"cli"}},
      {"nlohmann/", {"control", "cli"}},
      {"systemd/", {"feed", "daemon"}},
      {"zlib.h", {"feed"}},
      {"cctz/", {"feed"}},
      {"ares.h", {"resolve"}},
      {"microhttpd.h", {"web"}},
  };
  return kLibraries;
}

bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string check_system_header(std::string_view path, std::string_view header) {
  if (is_door(path) && header.find_first_of("./") != std::string_view::npos) {
    return fmt::format("a door includes <{}>: only the C++ standard library may show there",
                       header);
  }
  for (const Library& library : libraries()) {
    if (header.starts_with(library.prefix) && !library.rooms.empty() &&
        !contains(library.rooms, room_of(path))) {
      return fmt::format("<{}> belongs to {}: use that room instead", header,
                         fmt::join(library.rooms, " and "));
    }
  }
  return {};
}

std::string check_own_header(std::string_view path, std::string_view header) {
  const std::string_view room = room_of(path);
  if (header.find("..") != std::string_view::npos) {
    return fmt::format("\"{}\" leaves its directory", header);
  }
  std::string_view rest = header;
  if (rest.starts_with("rampart/")) {
    rest.remove_prefix(8);
    const std::size_t slash = rest.find('/');
    const std::string_view other = rest.substr(0, slash);
    if (slash == std::string_view::npos || !may_include(room, other, rest.substr(slash + 1))) {
      return fmt::format("{} may not include \"{}\"", room, header);
    }
    return {};
  }
  if (is_door(path)) {
    return fmt::format("a door includes \"{}\": only \"rampart/...\" is there for others", header);
  }
  const std::string_view first = rest.substr(0, rest.find('/'));
  if (first.size() != rest.size() && first != room && find_room(first) != nullptr) {
    return fmt::format("\"{}\" is the inside of another room", header);
  }
  return {};
}

}  // namespace

bool may_use(std::string_view room, std::string_view other) {
  const Room* from = find_room(room);
  if (from == nullptr || find_room(other) == nullptr) {
    return false;
  }
  if (other == "base") {
    return true;
  }
  if (other == "mail") {
    return room != "base";
  }
  return room == other || contains(from->uses, other);
}

bool may_include(std::string_view room, std::string_view other, std::string_view header) {
  // Both know the classes of replies by name, not how replies are classified.
  if ((room == "ramp" || room == "suppression") && other == "reply") {
    return header == "class.h";
  }
  if (header == "options.h" && (room == "config" || (room == "cli" && other == "milter"))) {
    return find_room(other) != nullptr;
  }
  return may_use(room, other);
}

void check_includes(const Source& source, Findings& findings) {
  if (room_of(source.path).empty()) {
    return;
  }
  std::size_t begin = 0;
  for (std::size_t number = 1; begin < source.text.size(); ++number) {
    const std::size_t end = std::min(source.text.find('\n', begin), source.text.size());
    const std::string_view code = std::string_view(source.code).substr(begin, end - begin);
    const std::string_view text = std::string_view(source.text).substr(begin, end - begin);
    begin = end + 1;
    if (!base::trim(code).starts_with("#include")) {
      continue;
    }
    const std::size_t open = text.find_first_of("\"<");
    const std::size_t close =
        open == std::string_view::npos ? open : text.find_first_of("\">", open + 1);
    if (close == std::string_view::npos) {
      continue;
    }
    const std::string_view header = text.substr(open + 1, close - open - 1);
    std::string what = text[open] == '<' ? check_system_header(source.path, header)
                                         : check_own_header(source.path, header);
    if (!what.empty()) {
      findings.push_back({source.path, number, std::move(what)});
    }
  }
}

void check_depends(std::string_view path, std::string_view text, Findings& findings) {
  const std::size_t open = text.find("rampart_room(");
  if (open == std::string_view::npos) {
    return;
  }
  std::string call(text.substr(open + 13, text.find(')', open) - open - 13));
  std::replace_if(
      call.begin(), call.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  std::string_view room;
  bool depends = false;
  for (const std::string_view word : base::split(call, ' ')) {
    if (word.empty()) {
      continue;
    }
    if (room.empty()) {
      room = word;
      if (find_room(room) == nullptr) {
        findings.push_back({std::string(path), line_of(text, open),
                            fmt::format("room {} is not in the table of arrows", room)});
        return;
      }
    } else if (word == "SOURCES" || word == "DEPENDS" || word == "LINKS") {
      depends = word == "DEPENDS";
    } else if (depends && !may_use(room, word)) {
      findings.push_back({std::string(path), line_of(text, open),
                          fmt::format("{} may not depend on {}", room, word)});
    } else if (!depends && word.starts_with("rampart_")) {
      findings.push_back({std::string(path), line_of(text, open),
                          fmt::format("{} links to {} past DEPENDS", room, word)});
    }
  }
}

}  // namespace rampart::tidy
