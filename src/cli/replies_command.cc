// rampart replies unknown|list

#include <fmt/format.h>

#include "rampart/control/answers.h"

#include "commands.h"
#include "json.h"
#include "replies.h"
#include "service.h"
#include "table.h"
#include "words.h"

namespace rampart::cli {
namespace {

int show_replies(const Arguments& arguments, const Output& output, bool unknown) {
  const Json answer = Service(arguments).ask(
      {{"command", "replies"}, {"unknown", unknown}, {"provider", arguments.provider}});
  const auto replies = control::decode<control::RepliesAnswer>(answer).replies;
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

std::string render_replies(const std::vector<store::ReplyRecord>& replies,
                           bool classes,
                           bool colours) {
  using Align = Table::Align;
  std::vector<Table::Column> columns{{"COUNT", Align::Right}, {"LAST"}, {"PROVIDER"}};
  if (classes) {
    columns.push_back({"CLASS"});
    columns.push_back({"RULE"});
  }
  columns.push_back({"REPLY"});
  Table table(std::move(columns));
  for (const store::ReplyRecord& reply : replies) {
    std::vector<Table::Cell> cells{{grouped(reply.count)},
                                   {control::known(reply.last) ? local_stamp(reply.last) : "-"},
                                   {reply.provider.empty() ? "-" : reply.provider}};
    if (classes) {
      cells.push_back({reply.reply_class});
      cells.push_back({reply.rule});
    }
    cells.push_back({reply.text});
    table.add(std::move(cells));
  }
  return table.render(colours);
}

int run_replies_unknown(const Arguments& arguments, const Output& output) {
  return show_replies(arguments, output, true);
}

int run_replies_list(const Arguments& arguments, const Output& output) {
  return show_replies(arguments, output, false);
}

}  // namespace rampart::cli
