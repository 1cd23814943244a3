//! Prints what happens in a cluster.
//!
//! ```sh
//! cargo run --example listen_events -- localhost:1186       # ten seconds
//! cargo run --example listen_events -- localhost:1186 3600  # an hour
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use ndbmgm::client::{ConnectOptions, ConnectProgress, Retries, connect_with_progress};
use ndbmgm::cluster::{ConnectString, EventCategory, LogLevel};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let connect_string = ConnectString::choose(arguments.next().as_deref(), None)?;
    let seconds = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let end = Instant::now() + Duration::from_secs(seconds);

    // Two attempts, a second apart; a program that runs for months would take `Retries::Endless`.
    let options = ConnectOptions {
        retries: Retries::Attempts(2),
        delay: Duration::from_secs(1),
        ..ConnectOptions::once(connect_string)
    };
    let session = connect_with_progress(&options, &mut |progress| {
        if let ConnectProgress::Retry { .. } = progress {
            eprintln!("No management server answers, trying again");
        }
    })
    .await?;
    println!("Listening at {}:{}", session.host(), session.port());

    // Level 15 is everything, 0 nothing; data nodes make the rarer events only if someone asks.
    let everything = LogLevel::new(15).ok_or("levels end at 15")?;
    let filter = EventCategory::ALL.map(|category| (category, everything));
    let mut events = session.listen_to(&filter).await?;

    let mut count = 0;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match events.next_within(left).await? {
            Some(event) => {
                count += 1;
                let category = event.body.kind().category();
                println!("{:<12} {}", category.to_string(), event.render_pretty());
            }
            None => break,
        }
    }
    println!("{count} events in {seconds} s");
    Ok(())
}
