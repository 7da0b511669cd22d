// The resource manager on whole nodes and their ring.
#include "tests/rm/control/seeds.hh"
#include "tests/rm/ring/group_of_nodes.hh"

int main(int argc, char** argv) {
  return gyre::rm::model::run_seeds(argc, argv, gyre::rm::model::make_group_of_nodes);
}
