// The resource manager on a model of the ordered group.
#include "tests/rm/control/seeds.hh"

int main(int argc, char** argv) {
  return gyre::rm::model::run_seeds(argc, argv);
}
