// rampart provider of DOMAIN | list

#include <fmt/format.h>

#include "rampart/base/text.h"
#include "rampart/mail/domain.h"
#include "rampart/provider/table.h"

#include "commands.h"
#include "json.h"
#include "options_for.h"
#include "table.h"

namespace rampart::cli {

int run_provider_of(const Arguments& arguments, const Output& output) {
  std::string_view text = arguments.words.at(0);
  text.remove_prefix(text.rfind('@') + 1);  // npos + 1 is 0: nothing to remove
  const auto domain = mail::parse_domain(text);
  if (!domain) {
    throw Failure{kUsage, "usage", "\"" + base::printable(text, 255) + "\" is no domain"};
  }
  const provider::Table providers = load_providers(arguments);
  const std::string named(providers.find_by_domain(*domain));
  const std::string name = named.empty() ? provider::registrable_domain(*domain) : named;
  const std::string url(named.empty() ? "" : providers.url(named));
  if (output.json()) {
    output.print_json(Json{
        {"domain", domain->text()}, {"provider", name}, {"named", !named.empty()}, {"url", url}});
    return kDone;
  }
  std::string line = fmt::format("{}  {}", domain->text(), name);
  line += named.empty()
              ? "  (no provider has this domain by name; the server that answers for it may "
                "yet tell that it is one of them)"
              : (url.empty() ? "" : "  " + url);
  output.print(line + '\n');
  return kDone;
}

int run_provider_list(const Arguments& arguments, const Output& output) {
  const provider::Table providers = load_providers(arguments);
  Json list = Json::array();
  Table table({{"PROVIDER"}, {"POSTMASTER PAGE"}});
  for (const std::string_view name : providers.names()) {
    const std::string url(providers.url(name));
    list.push_back({{"provider", name}, {"url", url}});
    table.add({{std::string(name)}, {url.empty() ? "-" : url}});
  }
  if (output.json()) {
    output.print_json(list);
  } else {
    output.print(table.render(output.colours()));
  }
  return kDone;
}

}  // namespace rampart::cli
