// rampart explain --codes

#include "rampart/reply/codes.h"

#include <fmt/format.h>

#include "commands.h"
#include "json.h"

namespace rampart::cli {
namespace {

// The class a reply with this code alone most likely has; "" where it may be anything.
std::string class_of(const reply::CodeLine& line) {
  return line.reply_class == reply::ReplyClass::Undefined
             ? std::string()
             : std::string(reply::to_string(line.reply_class));
}

}  // namespace

// Not a table of four columns: no terminal is wide enough for two sentences beside each other.
int run_explain_codes(const Arguments& arguments, const Output& output) {
  if (!arguments.words.empty()) {
    throw Failure{kUsage, "usage",
                  "--codes prints the whole table; without it, rampart explain takes a reply"};
  }
  Json list = Json::array();
  std::string text;
  for (const reply::CodeLine& line : reply::code_lines()) {
    const std::string likely = class_of(line);
    list.push_back({{"code", line.code},
                    {"meaning", line.meaning},
                    {"action", line.action},
                    {"class", reply::to_string(line.reply_class)}});
    text += fmt::format("{:<11} {}\n{:<11} do: {}{}\n", line.code, line.meaning, "", line.action,
                        likely.empty() ? "" : " (" + likely + ")");
  }
  if (output.json()) {
    output.print_json(list);
  } else {
    output.print(text +
                 "The text of a reply says more than its code: rampart explain \"REPLY\"\n"
                 "X.7.1 is both 4.7.1 and 5.7.1; in brackets: the likely class\n");
  }
  return kDone;
}

}  // namespace rampart::cli
