#include "rampart/sim/scenarios.h"

#include <cmath>

namespace rampart::sim {
namespace {

std::vector<Provider> usual_providers() {
  std::vector<Provider> all(5);
  all[0].name = "gmail";
  all[0].share = 0.42;
  all[0].style = Provider::Style::Gmail;
  all[1].name = "outlook";
  all[1].share = 0.18;
  all[1].style = Provider::Style::Outlook;
  all[2].name = "yahoo";
  all[2].share = 0.12;
  all[2].style = Provider::Style::Yahoo;
  all[3].name = "gmx";
  all[3].share = 0.1;
  all[3].style = Provider::Style::Gmx;
  all[4].name = "small.example";
  all[4].share = 0.18;
  all[4].domains = 8;
  all[4].limit = {150, 1500};
  all[4].limited = 0.4;  // most small ones take what comes
  return all;
}

Scenario base_of(const char* name, const char* text, double per_day) {
  Scenario scenario;
  scenario.name = name;
  scenario.text = text;
  scenario.providers = usual_providers();
  Sender sender;
  sender.name = "shop.example";
  sender.per_day = per_day;
  scenario.senders.push_back(sender);
  return scenario;
}

Scenario jump() {
  Scenario scenario = base_of("jump", "200 a day become 5,000 overnight", 200);
  scenario.senders[0].changes = {{0, 5000}};
  scenario.senders[0].list = 40'000;
  return scenario;
}

Scenario newsletter() {
  Scenario scenario = base_of("newsletter", "a weekly newsletter grows from 30,000 to 50,000", 300);
  scenario.history = 21;
  Sender& sender = scenario.senders[0];
  sender.list = 50'000;
  Campaign before;
  before.day = -20;
  before.every = 7;
  before.until = -1;
  before.size = 30'000;
  Campaign now = before;
  now.day = 1;
  now.until = 14;
  now.size = 50'000;
  sender.campaigns = {before, now};
  return scenario;
}

Scenario backlog() {
  Scenario scenario = base_of("backlog", "1,000 a day, and 15,000 at once on day 1", 1000);
  Campaign flush;
  flush.day = 1;
  flush.size = 15'000;
  flush.per_second = 30;
  scenario.senders[0].list = 30'000;
  scenario.senders[0].campaigns = {flush};
  return scenario;
}

Scenario fresh_domain() {
  Scenario scenario = base_of("new-domain", "nobody knows the sender: 4,000 a day, growing", 4000);
  scenario.history = 0;
  scenario.senders[0].known = false;
  scenario.senders[0].growth = 1.1;
  scenario.senders[0].list = 40'000;
  return scenario;
}

Scenario cold_list() {
  Scenario scenario =
      base_of("cold-list", "1,000 a day, and a list of 20,000 with 8 % dead addresses", 1000);
  Campaign cold;
  cold.day = 1;
  cold.size = 20'000;
  cold.fresh = true;
  cold.dead = 0.08;
  cold.complaints = 0.002;
  scenario.senders[0].campaigns = {cold};
  return scenario;
}

Scenario tenants() {
  Scenario scenario =
      base_of("tenants", "twenty senders; one mails 6,000 a day to a bad list", 150);
  const Sender one = scenario.senders[0];
  scenario.senders.clear();
  for (int i = 1; i <= 20; ++i) {
    scenario.senders.push_back(one);
    scenario.senders.back().name = "tenant" + std::to_string(i) + ".example";
    scenario.senders.back().list = 2000;
  }
  Campaign abuse;
  abuse.day = 2;
  abuse.every = 1;
  abuse.until = 7;
  abuse.size = 6000;
  abuse.fresh = true;
  abuse.dead = 0.25;
  abuse.complaints = 0.01;
  scenario.senders.back().campaigns = {abuse};
  scenario.senders.back().judged = false;
  return scenario;
}

Scenario gentle() {
  Scenario scenario = base_of("gentle", "1,500 a day, 8 % more each day", 1500);
  scenario.senders[0].growth = 1.08;
  scenario.senders[0].list = 30'000;
  return scenario;
}

Scenario outage() {
  Scenario scenario =
      base_of("outage", "2,000 a day; Gmail says for five hours that nobody exists", 2000);
  scenario.providers[0].outage_day = 3 + 9.0 / 24;
  scenario.providers[0].outage_hours = 5;
  return scenario;
}

Scenario unknown() {
  Scenario scenario = jump();
  scenario.name = "unknown";
  scenario.text = "the jump, at providers whose words no rule knows";
  scenario.providers[0].name = "kiri.example";
  scenario.providers[1].name = "postur.example";
  scenario.providers[2].name = "sonum.example";
  scenario.providers[3].name = "bref.example";
  for (Provider& provider : scenario.providers) {
    provider.style = Provider::Style::Foreign;
  }
  return scenario;
}

void resize(Scenario& scenario, double scale) {
  const auto whole = [&](std::uint32_t count) {
    return static_cast<std::uint32_t>(std::lround(count * scale));
  };
  for (Sender& sender : scenario.senders) {
    sender.per_day *= scale;
    sender.list = whole(sender.list);
    for (Change& change : sender.changes) {
      change.per_day *= scale;
    }
    for (Campaign& campaign : sender.campaigns) {
      campaign.size = whole(campaign.size);
    }
  }
  for (Provider& provider : scenario.providers) {
    provider.limit.min *= scale;
    provider.limit.max *= scale;
  }
}

}  // namespace

std::vector<Scenario> scenarios(double scale) {
  std::vector<Scenario> all{jump(),    newsletter(), backlog(), fresh_domain(), cold_list(),
                            tenants(), gentle(),     outage(),  unknown()};
  for (Scenario& scenario : all) {
    if (scale != 1) {
      resize(scenario, scale);
    }
  }
  return all;
}

}  // namespace rampart::sim
