// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// The settings of the targets on the request path: release builds omit the run-time check for overlapping accesses (3 % of a
/// request, measured); debug builds and tests keep it.
let requestPath = settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// The built-in partner definitions. A guard test compares this list with the folder.
let definitions = [
    "zipteams", "zetasafe", "zapper-service", "zapper-customer", "sparrowsms", "pulsecrm",
    "oauth2-client-credentials", "oauth2-client-credentials-basic-raw", "oauth2-client-credentials-body",
    "oauth2-client-credentials-private-key-jwt", "oauth2-client-credentials-client-secret-jwt",
    "oauth2-refresh-token", "oauth2-password", "oauth2-jwt-bearer", "oauth2-token-exchange",
]

/// A room: a target in `Sources/<floor>/<name>`, with its dependencies.
func room(_ path: String, _ uses: Target.Dependency..., resources: [Resource] = [], settings: [SwiftSetting] = settings) -> Target {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return .target(name: name, dependencies: uses, path: "Sources/\(path)", resources: resources, swiftSettings: settings)
}

/// A system library target for a C library, in the folder `path`.
func system(_ path: String, pkgConfig: String? = nil, apt: String? = nil) -> Target {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return .systemLibrary(name: name, path: path, pkgConfig: pkgConfig, providers: apt.map { [.apt([$0])] })
}

// The rooms, from the lowest floor up. Each depends only on rooms declared above it.

let ground = [
    system("Sources/Ground/CLinux"),
    system("Sources/Ground/CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    system("Sources/Ground/COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
    system("Sources/Ground/CPCRE2", pkgConfig: "libpcre2-8", apt: "libpcre2-dev"),
    system("Sources/Ground/CExpat", pkgConfig: "expat", apt: "libexpat1-dev"),
    system("Sources/Ground/CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
    system("Sources/Ground/CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    room("Ground/Patterns", "CPCRE2"),
    room("Ground/Files", "CLinux"),
    room("Ground/Time", "CLinux", "Files"),
    room("Ground/JSON"),
    room("Ground/XML", "CExpat"),
    room("Ground/Text"),
    room("Ground/Secrets", "CLinux", "COpenSSL", "Time", "JSON", "Files"),
    room("Ground/YAML", "CYAML", "Text", "Time", "Secrets"),
]

let core = [
    room("Core/Tokens", "Time", "JSON", "Secrets"),
    room("Core/OutboundHTTP", "CCurl", "CZlib", "Time", "Files", "Secrets", httpTypes),
    room(
        "Core/Providers", "Time", "JSON", "XML", "Secrets", "Patterns", "YAML", "Tokens", "OutboundHTTP", httpTypes,
        resources: definitions.map { .embedInCode("Definitions/\($0).yaml") }),
    room("Core/Configuration", "Text", "Time", "Secrets", "Patterns", "YAML", "Tokens", "OutboundHTTP", "Providers"),
    room("Core/Login", "Text", "Time", "JSON", "XML", "Secrets", "Patterns", "Tokens", "OutboundHTTP", "Providers", "Configuration", httpTypes),
    room("Core/Store", "COpenSSL", "Time", "JSON", "Files", "Secrets", "Tokens", "Configuration", grdb),
    room("Core/Fleet", "Time", "JSON", "Secrets", "Tokens", "OutboundHTTP", "Configuration", "Store", httpTypes),
    room("Core/Broker", "Time", "Secrets", "Tokens", "OutboundHTTP", "Providers", "Configuration", "Login", "Store", "Fleet"),
    room("Core/Sinks", "Time", "Files", "Secrets", "Tokens", "Configuration", "Broker"),
]

let service = [
    room("Service/LocalHTTP", "CLinux", "Text", "Time", "Files", settings: requestPath),
    room("Service/Contract", "Time", "JSON", "Tokens", "LocalHTTP", settings: requestPath),
    room("Service/Observability", "Time", "JSON", "Secrets", "Tokens", "LocalHTTP", "Contract", logging, settings: requestPath),
    room("Service/Admission", "Time", "Secrets", "Configuration", "LocalHTTP", "Contract", "Observability", settings: requestPath),
    room(
        "Service/API", "CZlib", "Text", "Time", "JSON", "Secrets", "Tokens", "OutboundHTTP", "Providers", "Configuration", "Store", "Broker",
        "LocalHTTP",
        "Contract", "Observability", "Admission", resources: [.embedInCode("Resources/status.html")], settings: requestPath),
    room(
        "Service/Diagnosis", "Time", "JSON", "Files", "Secrets", "OutboundHTTP", "Providers", "Configuration", "Store", "LocalHTTP", httpTypes),
    room(
        "Service/BrokerDaemon", "CLinux", "Time", "Files", "Secrets", "YAML", "Tokens", "OutboundHTTP", "Configuration", "Store", "Fleet", "Broker",
        "Sinks",
        "LocalHTTP", "Observability", "Admission", "API", logging, settings: requestPath),
]

let programs: [Target] = [
    room("Programs/PartnerSandbox", "Text", "Time", "Files", "LocalHTTP"),
    .executableTarget(
        name: "tokenbroker",
        dependencies: [
            "Text", "Time", "JSON", "Files", "Secrets", "YAML", "Tokens", "OutboundHTTP", "Providers", "Configuration", "Login", "Store", "LocalHTTP",
            "Observability", "Diagnosis", "BrokerDaemon", arguments, httpTypes, logging,
        ],
        path: "Sources/Programs/tokenbroker", exclude: ["Manual"],
        resources: [.embedInCode("Schema/configuration.schema.json"), .embedInCode("Schema/provider.schema.json")], swiftSettings: settings),
    .executableTarget(
        name: "partner-sandbox", dependencies: ["PartnerSandbox", arguments], path: "Sources/Programs/partner-sandbox", swiftSettings: settings),
]

/// The library for programs that use tokens; it depends on nothing but the toolchain.
let client = [
    room("Client/TokenBrokerClient"),
    .executableTarget(name: "client-example", dependencies: ["TokenBrokerClient"], path: "Sources/Client/client-example", swiftSettings: settings),
]

/// The library targets, which every test target may import.
let rooms = (ground + core + service).map { Target.Dependency.target(name: $0.name) }

/// A folder of tests; its folders are the rooms.
func suite(_ name: String, _ uses: Target.Dependency...) -> Target {
    .testTarget(name: name, dependencies: rooms + uses + ["TestSupport", httpTypes, logging], swiftSettings: settings)
}

let tests: [Target] = [
    system("Tests/CTLS", pkgConfig: "openssl", apt: "libssl-dev"),
    .target(
        name: "TestSupport", dependencies: rooms + ["PartnerSandbox", "CTLS", httpTypes, logging], path: "Tests/Support", swiftSettings: settings),
    .executableTarget(
        name: "simulation", dependencies: rooms + ["TestSupport", httpTypes], path: "Tests/Simulation", swiftSettings: settings),
    .target(
        name: "FuzzTargets", dependencies: rooms + ["TestSupport", httpTypes], path: "Tests/Fuzz", swiftSettings: settings),
    suite("GroundTests"),
    suite("CoreTests", "FuzzTargets"),
    suite("ServiceTests", "PartnerSandbox", "CTLS"),
    suite("PartnerSandboxTests", "PartnerSandbox"),
    suite("EndToEndTests", "tokenbroker", "partner-sandbox", "TokenBrokerClient", "client-example", arguments),
]

let package = Package(
    name: "tokenbroker",
    products: [
        .executable(name: "tokenbroker", targets: ["tokenbroker"]),
        .executable(name: "partner-sandbox", targets: ["partner-sandbox"]),
        .library(name: "TokenBrokerClient", targets: ["TokenBrokerClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: ground + core + service + programs + client + tests
)
