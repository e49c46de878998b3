// rampart replies unknown|list

#include <fmt/format.h>

#include "commands.h"
#include "replies.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

int run(const Arguments& arguments, const Output& output, bool unknown) {
  const Json answer = Service(arguments).ask(
      {{"command", "replies"}, {"unknown", unknown}, {"provider", arguments.provider}});
  const Json& replies = answer.at("replies");
  if (arguments.rules) {
    const std::string rules = suggest_rules(replies);
    if (output.json()) {
      output.print_json(Json{{"rules", rules}});
    } else {
      output.print(rules.empty() ? "# no reply without a rule\n" : rules);
    }
    return kDone;
  }
  if (output.json()) {
    output.print_json(answer);
  } else if (replies.empty()) {
    output.print(unknown ? "no reply without a rule\n" : "no reply was learned from yet\n");
  } else {
    output.print(render_replies(replies, !unknown, output.colours()));
    if (unknown) {
      output.print("rampart replies unknown --rules prints a rule for each, to be completed\n");
    }
  }
  return kDone;
}

}  // namespace

std::string render_replies(const Json& replies, bool classes, bool colours) {
  using Align = Table::Align;
  std::vector<Table::Column> columns{{"COUNT", Align::Right}, {"LAST"}, {"PROVIDER"}};
  if (classes) {
    columns.push_back({"CLASS"});
    columns.push_back({"RULE"});
  }
  columns.push_back({"REPLY"});
  Table table(std::move(columns));
  for (const Json& reply : replies) {
    const auto last = time_of(reply, "last");
    const std::string provider = text_of(reply, "provider");
    std::vector<Table::Cell> cells{{grouped(number_of(reply, "count"))},
                                   {last ? local_stamp(*last) : "-"},
                                   {provider.empty() ? "-" : provider}};
    if (classes) {
      cells.push_back({text_of(reply, "class")});
      cells.push_back({text_of(reply, "rule")});
    }
    cells.push_back({text_of(reply, "text")});
    table.add(std::move(cells));
  }
  return table.render(colours);
}

int run_replies_unknown(const Arguments& arguments, const Output& output) {
  return run(arguments, output, true);
}

int run_replies_list(const Arguments& arguments, const Output& output) {
  return run(arguments, output, false);
}

}  // namespace rampart::cli
