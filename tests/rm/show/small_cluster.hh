// A cluster by hand: what is shown does not depend on how it came about.
#pragma once

#include <initializer_list>
#include <string>

#include "rm/schedule/model.hh"

namespace gyre::rm::show {

struct SmallCluster : schedule::Cluster {
  explicit SmallCluster(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      schedule::Node& node = nodes.emplace_back();
      node.id = node.name = keep(name);
      node.index = nodes.size() - 1;
      node.online = true;
    }
  }

  schedule::Node& node(std::size_t index) { return nodes[index]; }

  // With the element of a primitive or a group called `template_id`.
  schedule::Resource& add(std::string id, schedule::Kind kind = schedule::Kind::primitive,
                          schedule::Resource* parent = nullptr, const char* template_id = nullptr) {
    schedule::Resource& resource = resources.emplace_back();
    resource.id = std::move(id);
    resource.kind = kind;
    resource.parent = parent;
    resource.standard = "ocf", resource.provider = "pacemaker", resource.type = "Dummy";
    resource.weights.assign(nodes.size(), schedule::Weight{.present = true});
    resource.known_on.assign(nodes.size(), false);
    const char* element = kind == schedule::Kind::primitive ? "primitive" : "group";
    resource.xml = document.append_child(element);
    resource.xml.append_attribute("id").set_value(template_id ? template_id : resource.id.c_str());
    if (parent)
      parent->children.push_back(&resource);
    else
      top.push_back(&resource);
    return resource;
  }

  // With as many instances as there are nodes, of a primitive called `of`.
  schedule::Resource& add_clone(std::string id, const char* of) {
    schedule::Resource& clone = add(std::move(id), schedule::Kind::clone);
    clone.xml.set_name("clone");
    clone.xml.append_child("primitive").append_attribute("id").set_value(of);
    clone.clone_max = static_cast<int>(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i)
      add(of + (":" + std::to_string(i)), schedule::Kind::primitive, &clone, of);
    return clone;
  }

  void run(schedule::Resource& resource, std::size_t on,
           schedule::Role role = schedule::Role::started) {
    resource.role = role;
    for (schedule::Resource* r = &resource; r; r = r->parent) r->running_on.push_back(&node(on));
    node(on).running.push_back(&resource);
  }

  schedule::Action& act(std::string_view task, schedule::Resource* resource,
                        schedule::Node* on = nullptr) {
    schedule::Action& action = actions.emplace_back();
    action.id = static_cast<int>(actions.size());
    action.task = task;
    action.resource = resource;
    action.node = on;
    action.optional = false;
    action.key =
        (resource ? resource->id : std::string("cluster")) + '_' + std::string(task) + "_0";
    if (resource) resource->actions.push_back(&action);
    return action;
  }

  pugi::xml_document document;
};

}  // namespace gyre::rm::show
