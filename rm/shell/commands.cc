#include "rm/shell/commands.hh"

namespace gyre::rm::shell {

namespace {

constexpr Command table[] = {
    {"attrd_updater", "Sets and prints attributes of a node that hold until it goes.",
     attrd_updater},
    {"cibadmin", "Prints and changes the document of the cluster.", cibadmin},
    {"crm", "Shows and changes what the cluster is configured to do.", crm},
    {"crm_attribute", "Queries and sets options of the cluster and attributes of nodes.",
     crm_attribute},
    {"crm_diff", "Prints what turns one document into another, and does it.", crm_diff},
    {"crm_failcount", "Prints how often a resource has failed, and forgets it.", crm_failcount},
    {"crm_master", "Queries and sets the promotion score of a resource.", crm_master},
    {"crm_mon", "Shows nodes, resources and failures.", crm_mon},
    {"crm_node", "Prints who is a node of the cluster, and who of them is there.", crm_node},
    {"crm_resource", "Prints what there is of resources, and does what operators do to one.",
     crm_resource},
    {"crm_simulate", "Says what the cluster would do, and what would come of it.", simulate},
    {"crm_standby", "Queries and sets whether a node carries nothing.", crm_standby},
    {"stonith_admin", "Shows what was fenced, and tells that a node is down.", stonith_admin},
    {"crm_verify", "Says what is wrong with a configuration.", verify},
};

}  // namespace

std::span<const Command> commands() {
  return table;
}

const Command* find_command(std::string_view called_as) {
  called_as.remove_prefix(called_as.rfind('/') + 1);
  for (const Command& command : table)
    if (command.name == called_as) return &command;
  return nullptr;
}

}  // namespace gyre::rm::shell
