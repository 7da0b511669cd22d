#include "tests/rm/control/workload.hh"

#include <fmt/format.h>

#include "rm/cib/difference.hh"
#include "rm/cib/difference_xml.hh"

namespace gyre::rm::model {

namespace {

pugi::xml_node child(pugi::xml_node parent, const char* element, const std::string& id) {
  for (pugi::xml_node each : parent.children(element))
    if (each.attribute("id").value() == id) return each;
  pugi::xml_node made = parent.append_child(element);
  made.append_attribute("id") = id.c_str();
  return made;
}

void set(pugi::xml_node pair, const std::string& name, const std::string& value) {
  pair.remove_attribute("name");
  pair.remove_attribute("value");
  pair.append_attribute("name") = name.c_str();
  pair.append_attribute("value") = value.c_str();
}

Document copy(const Document& of) {
  return std::get<Document>(Document::load(of.text()));
}

control::Configure configure(const Document& from, Document& to) {
  Version version = from.version();
  ++version.epoch;
  version.num_updates = 0;
  to.set_version(version);
  return {"root", "model", "now", to_text(difference(from, to))};
}

void append(pugi::xml_node to, const std::string& elements) {
  to.append_buffer(elements.data(), elements.size());
}

pugi::xml_node by_id(pugi::xml_node below, const std::string& id) {
  return below.find_node([&](pugi::xml_node each) { return each.attribute("id").value() == id; });
}

}  // namespace

void mark(pugi::xml_node cib, const std::string& name) {
  pugi::xml_node options = cib.child("configuration").child("crm_config");
  set(child(child(options, "cluster_property_set", "marks"), "nvpair", "mark-" + name), name, "1");
}

std::string Workload::primitive(const std::string& id, const std::string& more) {
  names_.push_back(id);
  return fmt::format(
      R"(<primitive id="{0}" class="ocf" provider="model" type="Fake">{1}<operations>)"
      R"(<op id="{0}-monitor" name="monitor" interval="10s" timeout="20s"/></operations>)"
      R"(</primitive>)",
      id, more);
}

std::string Workload::promotable() {
  const std::size_t most = dice_.chance(0.3) ? 2 : 1;
  const bool notify = dice_.chance(0.5);
  names_.push_back("ma");
  rules_.most[promoted("ma")] = most;
  if (notify) rules_.notified.insert("ma");
  return fmt::format(
      R"(<clone id="m"><meta_attributes id="m-kind"><nvpair id="m-p" name="promotable" )"
      R"(value="true"/><nvpair id="m-m" name="promoted-max" value="{}"/><nvpair id="m-n" )"
      R"(name="notify" value="{}"/>)"
      R"(</meta_attributes><primitive id="ma" class="ocf" provider="model" )"
      R"(type="Fake"><operations>)"
      R"(<op id="ma-monitor" name="monitor" interval="10s" timeout="20s"/><op id="ma-promoted" )"
      R"(name="monitor" interval="11s" timeout="20s" role="Promoted"/></operations></primitive>)"
      R"(</clone>)",
      most, notify);
}

// One for all, one for each node that does not run there, or two for all that take turns.
void Workload::add_fence_devices() {
  const auto device = [&](const std::string& id, const std::string& hosts) {
    resources_ += fmt::format(
        R"(<primitive id="{0}" class="stonith" type="fence_model"><instance_attributes id="{0}-i">)"
        R"(<nvpair id="{0}-p" name="pcmk_host_list" value="{1}"/></instance_attributes>)"
        R"(</primitive>)",
        id, hosts);
  };
  std::string all;
  for (std::uint32_t node = 1; node <= nodes_; ++node) all += fmt::format("n{} ", node);
  const auto chosen = dice_.below(3);
  for (std::uint32_t node = 1; chosen == 0 && node <= nodes_; ++node) {
    device(fmt::format("f{}", node), fmt::format("n{}", node));
    constraints_ += fmt::format(
        R"(<rsc_location id="l-f{0}" rsc="f{0}" node="n{0}" score="-INFINITY"/>)", node);
  }
  if (chosen > 0) device("fa", all);
  if (chosen > 1) device("fb", all);
  if (chosen < 2 || dice_.chance(0.5)) return;
  const bool together = dice_.chance(0.5);
  for (std::uint32_t node = 1; node <= nodes_; ++node)
    for (int level = 1; level <= (together ? 1 : 2); ++level)
      topology_ += fmt::format(
          R"(<fencing-level id="t-{0}-{1}" index="{1}" target="n{0}" devices="{2}"/>)", node, level,
          together     ? "fa,fb"
          : level == 1 ? "fb"
                       : "fa");
  topology_ = "<fencing-topology>" + topology_ + "</fencing-topology>";
}

Workload::Workload(sim::Dice dice, std::uint32_t nodes, bool ignores_quorum, bool fences, bool wide)
    : dice_(dice), nodes_(nodes), ignores_quorum_(ignores_quorum), fences_(fences) {
  if (fences_) add_fence_devices();
  std::vector<std::string> single;
  for (std::uint64_t i = 0, count = dice_.between(2, 5); i < count; ++i) {
    single.push_back(fmt::format("p{}", i));
    const bool migrates = wide && dice_.chance(0.3);
    resources_ += primitive(
        single.back(), migrates ? fmt::format(R"(<meta_attributes id="{0}-kind"><nvpair )"
                                              R"(id="{0}-k" name="allow-migrate" value="true"/>)"
                                              R"(</meta_attributes>)",
                                              single.back())
                                : "");
    rules_.most[single.back()] = 1;
  }
  if (dice_.chance(0.5)) {
    resources_ += "<group id=\"g\">" + primitive("ga") + primitive("gb") + "</group>";
    rules_.most["ga"] = rules_.most["gb"] = 1;
    rules_.order.emplace_back("ga", "gb");
    rules_.colocation.emplace_back("gb", "ga");
  }
  if (wide && dice_.chance(0.4)) {
    resources_ += promotable();
    if (dice_.chance(0.5)) {
      constraints_ += R"(<rsc_order id="o-m" first="m" first-action="promote" then="q" )"
                      R"(then-action="start"/>)";
      constraints_ += R"(<rsc_colocation id="w-m" rsc="q" with-rsc="m" with-rsc-role="Promoted" )"
                      R"(score="INFINITY"/>)";
      resources_ += primitive("q");
      rules_.most["q"] = 1;
      rules_.order.emplace_back(promoted("ma"), "q");
      rules_.colocation.emplace_back("q", promoted("ma"));
    }
  }
  if (dice_.chance(0.4)) {
    const bool notify = wide && dice_.chance(0.3);
    resources_ += "<clone id=\"c\">" +
                  std::string(notify ? R"(<meta_attributes id="c-kind"><nvpair id="c-n" )"
                                       R"(name="notify" value="true"/></meta_attributes>)"
                                     : "") +
                  primitive("ca") + "</clone>";
    if (notify) rules_.notified.insert("ca");
    if (dice_.chance(0.5)) {
      constraints_ += R"(<rsc_order id="o-c" first="c" then="p0"/>)";
      constraints_ += R"(<rsc_colocation id="w-c" rsc="p0" with-rsc="c" score="INFINITY"/>)";
      rules_.order.emplace_back("ca", "p0");
    }
  }
  if (dice_.chance(0.6)) {
    constraints_ += R"(<rsc_order id="o-p" first="p0" then="p1"/>)";
    rules_.order.emplace_back("p0", "p1");
    if (dice_.chance(0.5)) {
      constraints_ += R"(<rsc_colocation id="w-p" rsc="p1" with-rsc="p0" score="INFINITY"/>)";
      rules_.colocation.emplace_back("p1", "p0");
    }
  }
  for (const std::string& name : single)
    if (dice_.chance(0.4))
      constraints_ += fmt::format(R"(<rsc_location id="l-{0}" rsc="{0}" node="n{1}" score="{2}"/>)",
                                  name, dice_.between(1, nodes_), dice_.between(10, 200));
}

std::string Workload::options() const {
  return fmt::format(
      R"(<cluster_property_set id="options"><nvpair id="o1" name="stonith-enabled" value="{}"/>)"
      R"(<nvpair id="o2" name="no-quorum-policy" value="{}"/>)"
      R"(<nvpair id="o3" name="stonith-timeout" value="20s"/></cluster_property_set>)",
      fences_, ignores_quorum_ ? "ignore" : "stop");
}

control::Configure Workload::first(const Document& now, const std::string& name) const {
  Document to = copy(now);
  append(to.configuration().child("crm_config"), options());
  append(to.configuration().child("resources"), resources_);
  append(to.configuration().child("constraints"), constraints_);
  if (!topology_.empty()) append(to.configuration(), topology_);
  mark(to.cib(), name);
  return configure(now, to);
}

std::string Workload::some_resource() {
  return names_[dice_.below(names_.size())];
}

control::Message Workload::change(const Document& now, const std::string& name) {
  const std::string node = fmt::format("n{}", dice_.between(1, nodes_));
  const auto chosen = dice_.below(10);
  if (chosen == 0) {
    const auto value = dice_.chance(0.5) ? std::optional<std::string>("on") : std::nullopt;
    return AttributeChange{node, "standby", value, dice_.chance(0.5)};
  }
  if (chosen == 1)
    return AttributeChange{node, "note", std::to_string(dice_.below(5)), dice_.chance(0.8)};
  if (chosen == 2)
    return Cleanup{.resource = dice_.chance(0.7) ? some_resource() : "",
                   .node = dice_.chance(0.5) ? node : "",
                   .failures_only = dice_.chance(0.7)};
  Document to = copy(now);
  mark(to.cib(), name);
  const std::string resource = some_resource();
  if (pugi::xml_node at = by_id(to.configuration().child("resources"), resource)) {
    if (chosen <= 4) {
      pugi::xml_node meta = child(at, "meta_attributes", resource + "-meta");
      set(child(meta, "nvpair", resource + "-role"), "target-role",
          dice_.chance(0.4) ? "Stopped" : "Started");
    } else if (chosen <= 6) {
      pugi::xml_node parameters = child(at, "instance_attributes", resource + "-parameters");
      set(child(parameters, "nvpair", resource + "-fake"), "fake",
          std::to_string(dice_.below(1000)));
    } else if (chosen == 7) {
      pugi::xml_node location =
          child(to.configuration().child("constraints"), "rsc_location", "cli-" + resource);
      location.remove_attributes();
      location.append_attribute("id") = ("cli-" + resource).c_str();
      location.append_attribute("rsc") = resource.c_str();
      location.append_attribute("node") = node.c_str();
      location.append_attribute("score") = "500";
    }
  }
  return configure(now, to);
}

control::Configure Workload::repair(const Document& now, const std::string& name) const {
  Document to = copy(now);
  mark(to.cib(), name);
  for (const std::string& resource : names_)
    if (pugi::xml_node at = by_id(to.configuration().child("resources"), resource)) {
      at.remove_child(
          at.find_child_by_attribute("meta_attributes", "id", (resource + "-meta").c_str()));
    }
  for (pugi::xml_node node : to.configuration().child("nodes").children())
    node.remove_child("instance_attributes");
  return configure(now, to);
}

}  // namespace gyre::rm::model
