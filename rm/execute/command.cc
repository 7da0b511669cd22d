#include "rm/execute/command.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>

namespace gyre::rm::execute {
namespace {

using Status = Outcome::Status;
using namespace std::string_view_literals;

constexpr auto check_level = "OCF_CHECK_LEVEL"sv, default_path = "/usr/sbin:/usr/bin:/sbin:/bin"sv;

// What systemd says to us, and what another agent was told, is not for this one.
bool is_ours_alone(std::string_view variable) {
  static constexpr std::array prefixes = {"OCF_"sv, "NOTIFY_SOCKET="sv, "WATCHDOG_"sv, "LISTEN_"sv};
  return std::ranges::any_of(prefixes, [&](auto each) { return variable.starts_with(each); });
}

Result refused(std::string why) {
  return result_of(Status::error, ocf_failed, std::move(why));
}

// In words, if no agent can be found or told by what the operation says.
std::string flaw_of(const Operation& operation) {
  if (!is_file_name(operation.provider))
    return "\"" + operation.provider + "\" cannot be a provider of agents";
  if (!is_file_name(operation.type)) return "\"" + operation.type + "\" cannot be an agent";
  if (operation.task.empty() || operation.task.find('\0') != std::string::npos)
    return "it does not say what is to be done";
  for (const auto& [name, value] : operation.parameters)
    if (name.empty() || name.find_first_of("=\0"sv) != name.npos || value.find('\0') != value.npos)
      return "a parameter cannot be put into an environment: its name is empty or has a '=', or "
             "there is a NUL";
  return {};
}

using Variables = std::map<std::string, std::string, std::less<>>;

// Parameters come first: what they may not change is said after them.
void add_parameters(Variables& variables, const Operation& operation) {
  const auto add = [&](const std::string& name, const std::string& value) {
    variables["OCF_RESKEY_" + name] = value;
  };
  add("CRM_meta_name", operation.task);
  add("CRM_meta_interval", std::to_string(operation.interval.count()));
  add("CRM_meta_timeout", std::to_string(operation.timeout.count()));
  for (const auto& [name, value] : operation.parameters) {
    add(name, value);
    if (name == check_level) variables[name] = value;
  }
}

void add_ocf(Variables& variables, const Operation& operation, const Surroundings& surroundings) {
  variables["OCF_RA_VERSION_MAJOR"] = "1";
  variables["OCF_RA_VERSION_MINOR"] = "1";
  variables["OCF_ROOT"] = surroundings.ocf_root;
  variables["OCF_EXIT_REASON_PREFIX"] = exit_reason_prefix;
  if (!operation.resource.empty()) variables["OCF_RESOURCE_INSTANCE"] = operation.resource;
  variables["OCF_RESOURCE_TYPE"] = operation.type;
  variables["OCF_RESOURCE_PROVIDER"] = operation.provider;
}

void add_ours(Variables& variables, const Surroundings& surroundings) {
  for (const std::string& each : surroundings.environment)
    if (const auto equals = each.find('='); equals != each.npos && !is_ours_alone(each))
      variables[each.substr(0, equals)] = each.substr(equals + 1);
  variables.emplace("PATH", default_path);
  if (!surroundings.commands.empty()) {
    variables["PATH"] = surroundings.commands + ":" + variables["PATH"];
    variables["HA_SBIN_DIR"] = surroundings.commands;
  }
  variables["GYRE_RUN_DIR"] = surroundings.run_dir;
}

std::vector<std::string> listed(const Variables& variables) {
  std::vector<std::string> all;
  for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
  return all;
}

}  // namespace

bool is_file_name(std::string_view name) noexcept {
  return !name.empty() && name.front() != '.' && name.find('/') == name.npos &&
         name.find('\0') == name.npos;
}

std::vector<std::string> environment_of(const Surroundings& surroundings) {
  Variables variables;
  add_ours(variables, surroundings);
  return listed(variables);
}

std::variant<Command, Result> command_of(const Operation& operation,
                                         const Surroundings& surroundings) {
  if (operation.standard != "ocf")
    return result_of(Status::not_supported, ocf_not_supported,
                     "agents of class " + operation.standard +
                         " are not supported: use one of class ocf, or stonith for a fence device");
  if (std::string flaw = flaw_of(operation); !flaw.empty()) return refused(std::move(flaw));
  Variables variables;
  add_ours(variables, surroundings);
  add_parameters(variables, operation);
  add_ocf(variables, operation, surroundings);
  return Command{surroundings.ocf_root + "/resource.d/" + operation.provider + "/" + operation.type,
                 operation.task,
                 listed(variables),
                 {}};
}

std::size_t output_max_of(const Operation& operation) {
  return operation.task == "meta-data" ? std::size_t{512} << 10 : std::size_t{4} << 10;
}

Result not_executed(const std::string& path, int error) {
  const std::string why = path + ": " + std::strerror(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return result_of(Status::not_installed, ocf_not_installed,
                       why + " (the agent, or what its first line names)");
    case EACCES:
    case EPERM:
      return result_of(Status::error, ocf_not_permitted, why);
    default:
      return refused(why);
  }
}

}  // namespace gyre::rm::execute
