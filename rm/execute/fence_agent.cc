#include "rm/execute/fence_agent.hh"

#include <pugixml.hpp>

#include "rm/cib/values.hh"
#include "rm/execute/fence_device.hh"

namespace gyre::rm::execute {
namespace {

std::chrono::milliseconds duration(std::string_view text) {
  return std::chrono::milliseconds(parse_duration_ms(text).value_or(0));
}

}  // namespace

FenceAgent fence_agent_of(std::string_view metadata) {
  pugi::xml_document document;
  FenceAgent agent;
  if (!document.load_buffer(metadata.data(), metadata.size())) return agent;
  const auto root = document.child("resource-agent");
  const pugi::xml_node parameters = root.child("parameters"), actions = root.child("actions");
  const auto has = [](pugi::xml_node list, const char* name) {
    return bool(list.find_child_by_attribute("name", name));
  };
  if (parameters && !has(parameters, "port"))
    agent.host_argument = has(parameters, "plug") ? "plug" : "none";
  if (actions) agent.reboots = has(actions, "reboot");
  return agent;
}

Operation question_of(const Operation& fencing) {
  Operation question = fencing;
  question.task = "meta-data";
  question.target.clear();
  question.parameters.clear();
  return question;
}

std::vector<Operation> steps_of(const Operation& fencing, const FenceAgent& agent) {
  Operation step = fencing;
  if (parameter_of(fencing, "pcmk_host_argument").empty() && parameter_of(fencing, "plug").empty())
    step.parameters.emplace_back("pcmk_host_argument", agent.host_argument);
  if (fencing.task != "reboot" || agent.reboots ||
      !parameter_of(fencing, "pcmk_reboot_action").empty())
    return {step};
  Operation off = step, on = step;
  off.task = "off";
  on.task = "on";
  return {off, on};
}

std::chrono::milliseconds delay_of(const Operation& fencing, std::uint64_t chance) {
  if (fencing.task != "off" && fencing.task != "reboot") return {};
  const std::string_view written = parameter_of(fencing, "pcmk_delay_base");
  const bool by_node = written.find_first_of(":=") != written.npos;
  const auto base = duration(by_node ? name_for_device(fencing.target, written) : written);
  const auto span = duration(parameter_of(fencing, "pcmk_delay_max")) - base;
  if (span.count() <= 0) return base;
  return base + std::chrono::milliseconds(chance % static_cast<std::uint64_t>(span.count()));
}

}  // namespace gyre::rm::execute
