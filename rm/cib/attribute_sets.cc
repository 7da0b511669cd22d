#include "rm/cib/attribute_sets.hh"

#include <algorithm>
#include <vector>

#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

pugi::xml_node resolve(const RuleInput& input, pugi::xml_node element) {
  return input.ids ? input.ids->resolve(element) : element;
}

bool set_applies(pugi::xml_node set, const RuleInput& input, Seconds* next_change) {
  const auto rules = set.children("rule");
  return rules.begin() == rules.end() || std::ranges::any_of(rules, [&](pugi::xml_node rule) {
           return passes(rule, input, next_change);
         });
}

void gather_set(pugi::xml_node set, const RuleInput& input, Attributes& into) {
  for (const auto child : set.children("nvpair")) {
    const auto pair = resolve(input, child);
    // A pair that is shared may have another name here.
    const auto own_name = child.attribute("name");
    const std::string_view name = (own_name ? own_name : pair.attribute("name")).value();
    const auto value = pair.attribute("value");
    if (name.empty() || !value) continue;
    if (value.value() == std::string_view("#default"))
      into.erase(name);
    else
      into.add(name, value.value());
  }
}

}  // namespace

void gather(std::initializer_list<pugi::xml_node> parents, const char* set_element,
            const RuleInput& input, Attributes& into, std::string_view first_id,
            Seconds* next_change) {
  struct Ranked {
    pugi::xml_node set;
    bool first;
    Score score;
  };
  std::vector<Ranked> sets;
  for (const auto parent : parents) {
    const auto begin = sets.size();
    for (const auto child : parent.children(set_element)) {
      const auto set = resolve(input, child);
      sets.push_back({set, !first_id.empty() && first_id == set.attribute("id").value(),
                      parse_score(set.attribute("score").value()).value_or(Score())});
    }
    std::reverse(sets.begin() + static_cast<std::ptrdiff_t>(begin), sets.end());
  }
  std::ranges::stable_sort(sets, [](const Ranked& a, const Ranked& b) {
    return a.first != b.first ? a.first : a.score > b.score;
  });
  for (const Ranked& ranked : sets)
    if (set_applies(ranked.set, input, next_change)) gather_set(ranked.set, input, into);
}

}  // namespace gyre::rm
