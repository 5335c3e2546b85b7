//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    esxray::cli::main()
}
