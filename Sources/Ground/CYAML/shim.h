/* libyaml reads YAML 1.1 (yaml.h): its events, each as one flat struct. */
#pragma once
#include <yaml.h>

enum yaml_item_kind {
  YAML_ITEM_NONE, YAML_ITEM_DOCUMENT, YAML_ITEM_END_OF_STREAM, YAML_ITEM_ALIAS, YAML_ITEM_SCALAR, YAML_ITEM_SEQUENCE, YAML_ITEM_MAPPING,
  YAML_ITEM_END, YAML_ITEM_FAULT
};

/* Line and column from 0. `text` is a scalar's value or an alias's name, valid until the event is deleted. */
struct yaml_item {
  enum yaml_item_kind kind;
  int is_plain, is_quoted, has_anchor;
  const char *text;
  size_t length, line, column, end_line;
};

static inline struct yaml_item yaml_next_item(yaml_parser_t *parser, yaml_event_t *event) {
  struct yaml_item item = {YAML_ITEM_NONE, 0, 0, 0, 0, 0, 0, 0, 0};
  if (!yaml_parser_parse(parser, event)) {
    item.kind = YAML_ITEM_FAULT;
    return item;
  }
  item.line = event->start_mark.line;
  item.column = event->start_mark.column;
  item.end_line = event->end_mark.line;
  switch (event->type) {
  case YAML_DOCUMENT_START_EVENT: item.kind = YAML_ITEM_DOCUMENT; break;
  case YAML_STREAM_END_EVENT: item.kind = YAML_ITEM_END_OF_STREAM; break;
  case YAML_ALIAS_EVENT:
    item.kind = YAML_ITEM_ALIAS;
    item.text = (const char *)event->data.alias.anchor;
    break;
  case YAML_SCALAR_EVENT:
    item.kind = YAML_ITEM_SCALAR;
    item.text = (const char *)event->data.scalar.value;
    item.length = event->data.scalar.length;
    item.is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    item.is_quoted = event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE || event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    item.has_anchor = event->data.scalar.anchor != 0;
    break;
  case YAML_SEQUENCE_START_EVENT:
    item.kind = YAML_ITEM_SEQUENCE;
    item.has_anchor = event->data.sequence_start.anchor != 0;
    break;
  case YAML_MAPPING_START_EVENT:
    item.kind = YAML_ITEM_MAPPING;
    item.has_anchor = event->data.mapping_start.anchor != 0;
    break;
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT: item.kind = YAML_ITEM_END; break;
  default: break;
  }
  return item;
}
