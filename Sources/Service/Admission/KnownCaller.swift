package import Observability

/// A caller with its standing.
package struct KnownCaller {
    package let caller: Caller
    package let standing: Standing
    package let audited: AuditedCaller
}
