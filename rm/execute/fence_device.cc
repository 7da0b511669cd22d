#include "rm/execute/fence_device.hh"

#include <algorithm>
#include <charconv>
#include <optional>

#include "rm/cib/values.hh"

namespace gyre::rm::execute {
namespace {

using Status = Outcome::Status;
using namespace std::string_view_literals;

constexpr int usual_tries = 2, tries_max = 100;
constexpr auto ours = "pcmk_"sv, agents_begin_with = "fence_"sv;

// Of the agent, for what the cluster calls it. Empty: there is none.
std::string_view agents_word(const Operation& operation) {
  if (!operation.target.empty()) return operation.task;
  if (operation.task == "start" || operation.task == "monitor") return "monitor";
  if (operation.task == "meta-data") return "metadata";
  return operation.task == "validate-all" ? operation.task : ""sv;
}

std::string option(std::string_view action, std::string_view which) {
  return std::string(ours).append(action).append(which);
}

// For us, or from the cluster.
bool is_not_for_agent(std::string_view name) {
  return name.starts_with(ours) || name.starts_with("CRM_meta_") || name == "crm_feature_set" ||
         name == "action" || name == "nodename" || name == "provides" || name == "stonith-timeout";
}

// A line is one parameter.
bool is_line(std::string_view name, std::string_view value) {
  return !name.empty() && name.find_first_of("=\n\r\0"sv) == name.npos &&
         value.find_first_of("\n\r\0"sv) == value.npos;
}

class Lines {
 public:
  // By its name alone, if it cannot be told.
  void add(std::string_view name, std::string_view value) {
    if (!is_line(name, value) && !flaw_)
      flaw_ = is_line(name, "") ? std::string(name) : "a parameter without a proper name";
    text_.append(name).append(1, '=').append(value).append(1, '\n');
  }
  const std::string& text() const noexcept { return text_; }
  const std::optional<std::string>& flaw() const noexcept { return flaw_; }

 private:
  std::string text_;
  std::optional<std::string> flaw_;
};

// Which parameter tells the agent whom to fence. Empty: none does.
std::string_view port_argument(const Operation& operation) {
  const auto said = parameter_of(operation, "pcmk_host_argument");
  if (said.empty()) return parameter_of(operation, "plug").empty() ? "port"sv : "plug"sv;
  return said == "none" ? ""sv : said;
}

// What is said of the device itself holds for every node.
bool is_said(std::string_view port) {
  return !port.empty() && port != "dynamic";
}

Lines lines_of(const Operation& operation, std::string_view action) {
  Lines lines;
  const auto other = parameter_of(operation, option(action, "_action"));
  lines.add("action", other.empty() ? action : other);
  const auto port = port_argument(operation);
  if (!operation.target.empty()) {
    lines.add("nodename", operation.target);
    if (!port.empty() && !is_said(parameter_of(operation, port)))
      lines.add(port, name_for_device(operation.target, parameter_of(operation, "pcmk_host_map")));
  }
  for (const auto& [name, value] : operation.parameters)
    if (!is_not_for_agent(name) && (name != port || is_said(value))) lines.add(name, value);
  return lines;
}

void hide(std::string& text, std::string_view secret) {
  for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at + 1))
    text.replace(at, secret.size(), "*");
}

std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

}  // namespace

std::string_view parameter_of(const Operation& operation, std::string_view name) {
  const auto found =
      std::ranges::find(operation.parameters, name, &std::pair<std::string, std::string>::first);
  return found == operation.parameters.end() ? ""sv : found->second;
}

std::string name_for_device(std::string_view node, std::string_view map) {
  std::string name, port;
  bool behind = false;
  for (std::size_t i = 0; i <= map.size(); ++i) {
    if (i == map.size() || "; \t\n"sv.find(map[i]) != ""sv.npos) {
      if (behind && !port.empty() && equal_ignoring_case(name, node)) return port;
      name.clear();
      port.clear();
      behind = false;
    } else if (!behind && (map[i] == ':' || map[i] == '=')) {
      behind = true;
    } else {
      if (map[i] == '\\' && i + 1 < map.size()) ++i;
      (behind ? port : name) += map[i];
    }
  }
  return std::string(node);
}

std::variant<Command, Result> fence_command_of(const Operation& operation,
                                               const Surroundings& surroundings, bool started) {
  if (operation.target.empty() && operation.task == "stop")
    return result_of(Status::done, ocf_ok, "");
  if (operation.target.empty() && operation.task == "monitor" && !operation.recurs() && !started)
    return result_of(Status::done, ocf_not_running, "");
  if (!is_file_name(operation.type) || !operation.type.starts_with(agents_begin_with))
    return result_of(Status::not_installed, ocf_not_installed,
                     "\"" + operation.type + "\" is no fence agent: their names begin with fence_");
  const std::string_view action = agents_word(operation);
  if (action.empty())
    return result_of(Status::not_supported, ocf_not_supported,
                     "no fence agent can be asked for " + operation.task);
  const Lines lines = lines_of(operation, action);
  if (lines.flaw())
    return result_of(Status::error, ocf_failed,
                     "a fence agent cannot be told " + *lines.flaw() + ": it is not one line");
  return Command{surroundings.fence_agents + "/" + operation.type,
                 {},
                 environment_of(surroundings),
                 lines.text()};
}

int tries_of(const Operation& operation) {
  if (operation.standard != fence_class) return 1;
  const auto said = parameter_of(operation, option(agents_word(operation), "_retries"));
  int tries = 0;
  if (std::from_chars(said.data(), said.data() + said.size(), tries).ec != std::errc())
    return usual_tries;
  return std::clamp(tries, 1, tries_max);
}

Result fence_result_of(const Operation& operation, Result result) {
  if (result.rc != ocf_ok) result.rc = ocf_failed;
  if (result.rc != ocf_ok && result.exit_reason.empty())
    result.exit_reason = last_line(result.complaints);
  for (const auto& [name, value] : operation.parameters)
    if (!value.empty() && names_secret(name))
      for (std::string* text : {&result.exit_reason, &result.output, &result.complaints})
        hide(*text, value);
  return result;
}

}  // namespace gyre::rm::execute
