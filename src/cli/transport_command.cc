// rampart transport clear|guard

#include "rampart/transport/keeper.h"
#include "rampart/transport/table.h"

#include "commands.h"
#include "options_for.h"

namespace rampart::cli {

int run_transport_clear(const Arguments& arguments, const Output& output) {
  const auto config = load_file_config(arguments);
  if (config->transport.table.empty()) {
    output.print("no table is configured: transport.table is empty\n");
    return kDone;
  }
  const auto table = transport::Table::open(config->transport);
  const auto written = table ? table->write({}) : table.error();
  if (!written) {
    throw Failure{kRefused, "refused", written.error().what};
  }
  output.print("empty: " + config->transport.table + '\n');
  return kDone;
}

int run_transport_guard(const Arguments& arguments, const Output& /*output*/) {
  const base::SystemClock clock;
  return transport::run_guard({arguments.table, arguments.postmap, arguments.mta.mta_config},
                              clock);
}

}  // namespace rampart::cli
