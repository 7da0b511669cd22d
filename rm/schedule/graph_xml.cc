#include <algorithm>
#include <string>
#include <utility>

#include "rm/schedule/graph_attributes.hh"
#include "rm/schedule/plan.hh"
#include "rm/schedule/xml_text.hh"

namespace gyre::rm::schedule {

namespace {

const char* element_of(const Action& action) {
  if (action.pseudo) return "pseudo_event";
  const auto task = action.task;
  const bool cluster_does = task == "stonith" || task == "clear_failcount" || task == "do_shutdown";
  return cluster_does ? "crm_event" : "rsc_op";
}

void name(XmlText& text, const Action& action) {
  text.attribute("id", std::to_string(action.id));
  text.attribute("operation", action.task.empty() ? std::string_view(action.key) : action.task);
  const auto spoken = spoken_key(action);
  text.attribute("operation_key", spoken);
  if (spoken != action.key) text.attribute("internal_operation_key", action.key);
  if (!action.node || action.pseudo) return;
  text.attribute("on_node", action.node->name);
  text.attribute("on_node_uuid", action.node->id);
}

void step_xml(XmlText& text, Cluster& cluster, const Step& step, std::size_t place) {
  const Action& action = *step.action;
  const char* element = element_of(action);
  text.out += "  <synapse id=\"" + std::to_string(place) + "\">\n    <action_set>\n      <";
  text.out += element;
  name(text, action);
  text.out += ">\n";
  write_details(text, cluster, action);
  text.out += "      </";
  text.out += element;
  text.out += ">\n    </action_set>\n";
  if (step.inputs.empty()) {
    text.out += "    <inputs/>\n  </synapse>\n";
    return;
  }
  text.out += "    <inputs>\n";
  for (const Action* input : step.inputs) {
    text.out += "      <trigger>\n        <";
    text.out += element_of(*input);
    name(text, *input);
    text.out += "/>\n      </trigger>\n";
  }
  text.out += "    </inputs>\n  </synapse>\n";
}

}  // namespace

std::string spoken_key(const Action& action) {
  const Resource* resource = action.resource;
  if (!resource || resource->history_name.empty() || !action.key.starts_with(resource->id))
    return action.key;
  // The end of a fenced instance is told as its stop is.
  if (action.key.ends_with("post_notify_stonith_0"))
    return resource->history_name +
           (action.task == "notified" ? "_notified_0" : "_post_notify_stop_0");
  return resource->history_name + action.key.substr(resource->id.size());
}

std::string graph_xml(Cluster& cluster, const std::vector<Step>& steps) {
  XmlText text;
  text.out = "<transition_graph";
  const auto option = [&](const char* key, std::string_view otherwise) {
    return cluster.options.all.find(key).value_or(otherwise);
  };
  text.attribute("cluster-delay", option("cluster-delay", "60s"));
  text.attribute("stonith-timeout", option("stonith-timeout", "60s"));
  text.attribute("failed-stop-offset", "INFINITY");
  const bool fatal = cluster.options.start_failure_is_fatal;
  text.attribute("failed-start-offset", fatal ? "INFINITY" : "1");
  text.attribute("transition_id", "0");
  if (steps.empty()) return text.out + "/>\n";
  text.out += ">\n";
  constexpr std::size_t usual = 640;  // bytes of a step; what nobody writes to costs nothing
  text.out.reserve(steps.size() * usual);
  for (std::size_t i = 0; i < steps.size(); ++i) step_xml(text, cluster, steps[i], i);
  text.out += "</transition_graph>\n";
  return std::move(text.out);
}

}  // namespace gyre::rm::schedule
