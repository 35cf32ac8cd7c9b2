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

/// What stands in a request's way: in release without the run-time check for overlapping accesses (3 % of a request, measured);
/// debug builds and tests keep it.
let requestPath = settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// The partners built in: one line a definition. A guard test compares the list with the folder.
let definitions = ["zipteams", "zetasafe", "zapper-service", "zapper-customer", "sparrowsms", "pulsecrm"]

let package = Package(
    name: "tokenbroker",
    products: [
        .executable(name: "tokenbroker", targets: ["tokenbroker"]),
        .executable(name: "partner-sandbox", targets: ["partner-sandbox"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "BrokerCore",
            dependencies: [
                "CLinux", "CCurl", "COpenSSL",
                .product(name: "Yams", package: "Yams"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            resources: definitions.map { .embedInCode("Providers/Definitions/\($0).yaml") },
            swiftSettings: settings),
        .target(name: "LocalHTTP", dependencies: ["CLinux"], swiftSettings: requestPath),
        .target(
            name: "BrokerDaemon",
            dependencies: ["BrokerCore", "LocalHTTP", "CLinux", .product(name: "Logging", package: "swift-log")],
            swiftSettings: requestPath),
        .executableTarget(
            name: "tokenbroker",
            dependencies: [
                "BrokerDaemon", "BrokerCore", "LocalHTTP",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Manual"],
            swiftSettings: settings),
        .target(name: "PartnerSandbox", dependencies: ["LocalHTTP"], swiftSettings: settings),
        .executableTarget(
            name: "partner-sandbox",
            dependencies: ["PartnerSandbox", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: settings),
        .systemLibrary(name: "CTLS", path: "Tests/CTLS", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "TestSupport", dependencies: ["BrokerCore", "LocalHTTP", "CTLS"], path: "Tests/Support",
            swiftSettings: settings),
        .executableTarget(
            name: "fleet-simulation", dependencies: ["BrokerCore", "TestSupport", .product(name: "HTTPTypes", package: "swift-http-types")],
            path: "Tests/FleetSimulation", swiftSettings: settings),
        .testTarget(name: "LocalHTTPTests", dependencies: ["LocalHTTP", "TestSupport", "CTLS"], swiftSettings: settings),
        .testTarget(name: "BrokerCoreTests", dependencies: ["BrokerCore", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "BrokerDaemonTests", dependencies: ["BrokerDaemon", "PartnerSandbox", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "PartnerSandboxTests", dependencies: ["PartnerSandbox", "BrokerCore", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests", dependencies: ["tokenbroker", "partner-sandbox", "BrokerCore", "TestSupport"],
            swiftSettings: settings),
    ]
)
