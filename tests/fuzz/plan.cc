// A cluster's document in which a script changes anything: it is planned, carried out and planned
// again, whatever it holds. Each plan comes to an end, and what is said of it names what is there.
#include "rm/schedule/plan.hh"

#include <cassert>
#include <unordered_set>
#include <vector>

#include "rm/cib/check.hh"
#include "rm/cib/validate.hh"
#include "rm/show/explain.hh"
#include "rm/show/problems.hh"
#include "rm/show/status_text.hh"
#include "rm/show/transition_text.hh"
#include "rm/simulate/execution.hh"
#include "tests/fuzz/cluster_document.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::rm;
using gyre::fuzz::Script;

constexpr std::size_t changes_max = 40, elements_max = 300;
constexpr std::int64_t now = 1700000000;

std::vector<pugi::xml_node> elements(pugi::xml_node of) {
  std::vector<pugi::xml_node> found;
  struct Walker : pugi::xml_tree_walker {
    std::vector<pugi::xml_node>* into;
    bool for_each(pugi::xml_node& node) override {
      if (node.type() == pugi::node_element) into->push_back(node);
      return true;
    }
  } walker;
  walker.into = &found;
  of.traverse(walker);
  return found;
}

pugi::xml_attribute any_attribute(pugi::xml_node element, Script& script) {
  const auto all = element.attributes();
  const auto count = static_cast<std::size_t>(std::distance(all.begin(), all.end()));
  return count == 0 ? pugi::xml_attribute()
                    : *std::next(all.begin(), static_cast<std::ptrdiff_t>(script.below(count)));
}

// Of one element, with the help of another: a value, an attribute, a copy, a move, an end.
void change(pugi::xml_node cib, Script& script) {
  const auto all = elements(cib);
  if (all.empty() || all.size() > elements_max) return;
  auto one = all[script.below(all.size())];
  const auto other = all[script.below(all.size())];
  switch (script.below(6)) {
    case 0: {
      const auto from = any_attribute(other, script);
      auto to = any_attribute(one, script);
      if (to) to.set_value(from.value());
      return;
    }
    case 1: {
      constexpr const char* words[] = {"",         "0",         "1",        "2",     "-1",
                                       "true",     "7",         "INFINITY", "stop",  "Stopped",
                                       "false",    "-INFINITY", "fence",    "block", "10s",
                                       "Promoted", "demote",    "1000000"};
      if (auto to = any_attribute(one, script)) to.set_value(words[script.below(std::size(words))]);
      return;
    }
    case 2:
      if (const auto from = any_attribute(other, script); !one.attribute(from.name()))
        one.append_attribute(from.name()).set_value(from.value());
      return;
    case 3:
      one.parent().insert_copy_after(other, one);
      return;
    case 4:
      one.append_copy(other);
      return;
    case 5:
      if (one != cib.child("configuration")) one.parent().remove_child(one);
      return;
  }
}

void look_at(const Document& document, schedule::Cluster& cluster,
             const std::vector<schedule::Step>& steps) {
  std::unordered_set<const schedule::Action*> done;
  for (const auto& step : steps) done.insert(step.action);
  for (const auto& step : steps)
    for (const auto* input : step.inputs) assert(done.contains(input));
  for (const Finding& finding : show::problems(document, cluster))
    assert(!finding.what.empty() && finding.path.starts_with("/cib"));
  show::Outline out(show::Outline::Style::fancy);
  show::status(out, "Status", cluster);
  show::transition_summary(out, cluster);
  for (const auto* top : cluster.top) assert(!show::explain(cluster, *top).empty());
  assert(!schedule::graph_xml(cluster, steps).empty());
}

void plan_once(Document& document, Script& script) {
  schedule::Cluster cluster;
  schedule::unpack(cluster, {document.cib(), now});
  schedule::plan(cluster);
  const auto steps = schedule::graph(cluster);
  look_at(document, cluster, steps);
  std::vector<simulate::OperationResult> failures;
  if (!steps.empty() && script.yes()) {
    const auto& failed = *steps[script.below(steps.size())].action;
    if (failed.resource && failed.node)
      failures.push_back({failed.resource->id, std::string(failed.task),
                          std::string(failed.node->name), failed.interval_ms, 1});
  }
  const auto done = simulate::carry_out(cluster, steps, failures);
  assert(!failures.empty() || done.size() == steps.size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto document = std::get<Document>(Document::load(gyre::fuzz::cluster_document));
  Script script(data, size);
  for (std::size_t count = script.below(changes_max); count > 0; --count)
    change(document.cib(), script);
  validate(document);
  check(document, now);
  plan_once(document, script);
  plan_once(document, script);
  return 0;
}
