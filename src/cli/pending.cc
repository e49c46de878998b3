// rampart suppression confirm|clear-pending

#include <fmt/format.h>

#include "commands.h"
#include "json.h"
#include "suppression_pages.h"
#include "table.h"

namespace rampart::cli {
namespace {

struct PendingVerb {
  const char* command;
  const char* done;
  const char* question;
};

// How many wait, for one provider or ("") all.
std::uint64_t count_pending(const Service& service, const std::string& provider) {
  std::uint64_t count = 0;
  for_each_page(service,
                {{"command", "suppression.list"}, {"pending", true}, {"pending_at", provider}},
                [&](const Json& /*json*/, const auto& entries) { count += entries.size(); });
  return count;
}

void ask_for_count(const Arguments& arguments, const Service& service, const PendingVerb& verb) {
  if (arguments.yes || !arguments.words.empty()) {
    return;
  }
  const std::uint64_t count = count_pending(service, arguments.all ? "" : arguments.provider);
  if (count > 0 && !confirm(fmt::format("This {} {} addresses. Type the number: ", verb.question,
                                        grouped(count)),
                            std::to_string(count))) {
    throw Failure{kUsage, "usage",
                  fmt::format("nothing was changed; --yes does it for all {} without asking",
                              grouped(count))};
  }
}

int decide(const Arguments& arguments, const Output& output, const PendingVerb& verb) {
  const int ways = (arguments.words.empty() ? 0 : 1) + (arguments.provider.empty() ? 0 : 1) +
                   (arguments.all ? 1 : 0);
  if (ways != 1) {
    throw Failure{kUsage, "usage", "give addresses, or --provider NAME, or --all"};
  }
  const Service service(arguments);
  ask_for_count(arguments, service, verb);
  Json request{{"command", verb.command}};
  if (!arguments.words.empty()) {
    request["keys"] = arguments.words;
  } else if (arguments.all) {
    request["all"] = true;
  } else {
    request["provider"] = arguments.provider;
  }
  const Json answer = service.ask(request);
  const Json& missing = answer.at("not_found");
  const std::uint64_t changed = number_of(answer, "changed");
  if (output.json()) {
    output.print_json(answer);
    return missing.empty() ? kDone : kFound;
  }
  if (changed > 0) {
    output.print(fmt::format("{}: {}\n", verb.done, grouped(changed)));
  }
  for (const Json& key : missing) {
    output.print(fmt::format("{}: nothing is pending\n", key.get<std::string>()));
  }
  return missing.empty() ? kDone : kFound;
}

}  // namespace

int run_suppression_confirm(const Arguments& arguments, const Output& output) {
  const int result =
      decide(arguments, output, {"suppression.confirm", "suppressed now", "suppresses"});
  if (result == kDone && !output.json()) {
    output.print("undo: rampart suppression remove ADDRESS...\n");
  }
  return result;
}

int run_suppression_clear_pending(const Arguments& arguments, const Output& output) {
  return decide(arguments, output,
                {"suppression.clear_pending", "no longer pending, and not suppressed", "clears"});
}

}  // namespace rampart::cli
