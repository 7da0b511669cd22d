// Ids for elements of which nobody said one.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace gyre::rm::configure {

class Ids {
 public:
  explicit Ids(pugi::xml_node configuration);

  // All that are missing in an object, after the ids around them: "db-monitor-10s". The object
  // itself has one.
  void complete(pugi::xml_node object);
  // The base, or with a number behind it if that is taken; from then on it is.
  std::string fresh(std::string base);

  bool has(std::string_view id) const { return taken_.contains(std::string(id)); }
  // Those of an object, which comes or goes.
  void take(pugi::xml_node object);
  void release(pugi::xml_node object);

 private:
  void within(pugi::xml_node parent, std::string_view prefix);

  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, std::size_t> next_;  // by base
};

}  // namespace gyre::rm::configure
