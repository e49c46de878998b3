// The rampart program: the service and the tool.

#include "rampart/cli/cli.h"
#include "rampart/daemon/daemon.h"

int main(int argc, char** argv) {
  return rampart::cli::run(argc, argv, rampart::daemon::run);
}
