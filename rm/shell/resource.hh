// What crm_resource is asked to do, and the rooms in which it does it.
#pragma once

#include <optional>
#include <string>

#include "rm/schedule/model.hh"
#include "rm/shell/cluster.hh"

namespace gyre::rm::shell {

// Options without a letter.
namespace resource_option {
inline constexpr int standards = 256, providers = 257, agents = 258, alternatives = 259,
                     promoted = 260;
}

struct ResourceTask {
  int what = 'L';
  std::string argument;  // of what is done: a parameter, an agent
  std::string resource, node, set, id, type, operation, interval, lifetime;
  std::optional<std::string> value;
  bool meta = false, utilization = false, quiet = false, force = false;
  bool promoted = false, expired = false;
};

// A document, and what the scheduler reads in it.
class View {
 public:
  explicit View(Cluster&);

  Document document;
  schedule::Cluster cluster;

  // The resource; without its number it is the first instance of a clone. Throws Refused.
  schedule::Resource& resource(const std::string& id);
  // Throws Refused if there is no such node.
  void expect_node(const std::string& name);
};
// Whether an id names not one instance but what a clone has instances of.
bool is_template_of_instances(const schedule::Resource&, const std::string& id);

// Each throws Refused.
void query_resources(Cluster&, const ResourceTask&);
void set_parameter(Cluster&, const ResourceTask&);
void constrain(Cluster&, const ResourceTask&);
void list_agents(const ResourceTask&);

}  // namespace gyre::rm::shell
