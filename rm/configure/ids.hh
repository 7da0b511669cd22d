// Which ids there are, and ids for elements of which nobody said one.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

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
  // The element that came with it. Null: it is free, or was given here.
  pugi::xml_node find(std::string_view id) const;
  // Those of an object, which comes or goes.
  void take(pugi::xml_node object);
  void release(pugi::xml_node object);

 private:
  void within(pugi::xml_node parent, std::string_view prefix);

  std::unordered_map<std::string, pugi::xml_node> taken_;
  std::unordered_map<std::string, std::size_t> next_;  // by base
};

}  // namespace gyre::rm::configure
