// What gyre-crm is under the names that operators know: one program, and a link to it for each. A
// command is found by what the program was called as, or by its first argument.
#pragma once

#include <span>
#include <string_view>

namespace gyre::rm::shell {

struct Command {
  std::string_view name;
  std::string_view what;
  int (*run)(int argc, char** argv);  // its exit status
};
std::span<const Command> commands();
// By its name, with or without a path. Null: none of them.
const Command* find_command(std::string_view called_as);

int attrd_updater(int argc, char** argv);
int cibadmin(int argc, char** argv);
int crm(int argc, char** argv);
int crm_attribute(int argc, char** argv);
int crm_diff(int argc, char** argv);
int crm_failcount(int argc, char** argv);
int crm_master(int argc, char** argv);
int crm_mon(int argc, char** argv);
int crm_node(int argc, char** argv);
int crm_resource(int argc, char** argv);
int crm_standby(int argc, char** argv);
int stonith_admin(int argc, char** argv);
int simulate(int argc, char** argv);
int verify(int argc, char** argv);

}  // namespace gyre::rm::shell
