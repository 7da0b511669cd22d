#include "node/config_parts.hh"

#include <fmt/format.h>

#include "node/config_lines.hh"

namespace gyre::node {

Settings read_part(const ConfigPart& part, std::size_t services_before) {
  const Lines lines = split_lines(part.text, part.file);
  for (std::size_t i = 1; i < lines.sections.size(); ++i)
    if (lines.sections[i].path != part.section)
      refuse(part.file, lines.sections[i].line,
             fmt::format("section {} in {}.d: only {}{{}} stands there", lines.sections[i].path,
                         part.section, part.section));
  for (const Item& item : lines.items)
    if (item.section == 0)
      refuse(
          part.file, item.line,
          fmt::format("{} outside of a section: only {}{{}} stands here", item.key, part.section));
  return Settings(part.text, part.file, services_before);
}

std::vector<Service> read_services(Settings& settings) {
  std::vector<Service> services;
  for (const Settings::Numbered& section : settings.services()) {
    const std::string name = settings.text(section.path + ".name");
    const Service service{name, settings.number(section.path + ".ver", 0) == 1};
    if (name.empty())
      settings.notice(section.path, "section service has no effect here: it names no service");
    else if (name != "pacemaker")
      settings.notice(section.path, fmt::format("service {} has no effect here: it is not part of "
                                                "gyred, which loads nothing",
                                                name));
    else if (!service.operator_starts)
      settings.notice(section.path,
                      "service pacemaker with ver: 0 has no effect here: there is no resource "
                      "manager yet that could start with the ring");
    services.push_back(service);
  }
  return services;
}

// Files of the first Corosync name root there, for the services that it loaded.
WantedAccount read_account(Settings& settings) {
  WantedAccount account;
  const auto take = [&](const char* path) -> std::string {
    if (!settings.has(path)) return {};
    account.line = settings.line(path);
    const std::string name = settings.text(path);
    if (name.empty()) settings.refuse(path, fmt::format("{} is empty", path));
    if (name != "root") return name;
    settings.notice(path, fmt::format("{}: root has no effect here: gyred gives up root once it "
                                      "has started",
                                      path));
    return {};
  };
  account.user = take("aisexec.user");
  account.group = take("aisexec.group");
  return account;
}

}  // namespace gyre::node
