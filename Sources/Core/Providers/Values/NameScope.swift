/// The names that a template may use at its place, and what each stands for: who may name whom.
struct NameScope {
    struct Name {
        /// What it may begin: a URL, or the path behind an origin.
        var kind = KeptValue.Kind.text
        var mayBeAbsent = false
        /// Secret inputs and tokens that one can read in it.
        var reveals: Set<String> = []
    }

    private(set) var names: [String: Name] = [:]
    private let values: [DerivedValue]

    /// The inputs, and the derived values that need no more than those.
    init(_ inputs: [InputDefinition], values: [DerivedValue]) {
        self.values = values
        add(inputs)
    }

    /// The same with the inputs of an action.
    func adding(_ inputs: [InputDefinition]) -> NameScope {
        var scope = self
        scope.add(inputs)
        return scope
    }

    private mutating func add(_ inputs: [InputDefinition]) {
        for input in inputs {
            names[input.name] = Name(
                kind: input.kind == .url ? .url : .text, mayBeAbsent: input.isOptional && input.defaultValue == nil,
                reveals: input.isSecret && input.defaultValue == nil || input.isToken ? [input.name] : [])
        }
        derive()
    }

    /// The same with values kept from an answer; `prefix` stands before their names.
    func keeping(_ kept: [KeptValue], prefix: String = "") -> NameScope {
        var scope = self
        for value in kept {
            // A given input of the same name takes precedence, so that a kept one fills it in.
            let known = scope.names[prefix + value.name]
            scope.names[prefix + value.name] = Name(
                kind: known?.kind ?? value.kind, mayBeAbsent: value.isOptional && known?.mayBeAbsent ?? true,
                reveals: (known?.reveals ?? []).union(self.reveals(of: value)))
        }
        scope.derive()
        return scope
    }

    /// The secrets that one can read in a kept value: those of the values that its sources name.
    func reveals(of kept: KeptValue) -> Set<String> {
        kept.source.sources.reduce(into: []) { secrets, source in
            if case .value(let name) = source.place { secrets.formUnion(names[name]?.reveals ?? []) }
        }
    }

    /// The same with names that always have a value here: `token`, `refresh_token`.
    func with(_ given: String...) -> NameScope {
        var scope = self
        for name in given { scope.names[name] = Name() }
        scope.derive()
        return scope
    }

    subscript(name: String) -> Name? { names[name] }

    var known: String { names.keys.sorted().joined(separator: ", ") }

    /// Adds the derived values all of whose names are here, in their order.
    private mutating func derive() {
        for value in values where names[value.name] == nil && value.names.allSatisfy({ names[$0] != nil }) {
            names[value.name] = Name(
                mayBeAbsent: value.requiredNames.contains { names[$0]?.mayBeAbsent ?? false },
                reveals: value.revealedNames.reduce(into: []) { $0.formUnion(names[$1]?.reveals ?? []) })
        }
    }
}
