//! Delivery over MQTT, quality of service 1.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use vigiles_formats::observation::Draft;

use super::{Summary, Way};
use crate::delivery::{DoorError, Pause};
use crate::mqtt::OBSERVATIONS;

/// Largest message, in bytes; well below what brokers take.
const MAX_MESSAGE_BYTES: usize = 128 * 1024;

pub(super) struct Mqtt {
    client: Client,
    /// One for each PUBACK, and the error when the connection ends.
    acks: Receiver<Result<(), String>>,
    address: String,
}

impl Mqtt {
    pub(super) fn connect((host, port): &(String, u16), token: &str) -> Self {
        let name = format!("vigiles-replay-{}", std::process::id());
        let mut options = MqttOptions::new(name, host.as_str(), *port);
        options
            .set_credentials("replay", token)
            .set_keep_alive(Duration::from_secs(30))
            .set_max_packet_size(MAX_MESSAGE_BYTES * 2, MAX_MESSAGE_BYTES * 2);
        let (client, mut connection) = Client::new(options, 16);
        let (sender, acks) = sync_channel(16);
        std::thread::spawn(move || {
            for event in connection.iter() {
                let said = match event {
                    Ok(Event::Incoming(Packet::PubAck(_))) => Ok(()),
                    Ok(_) => continue,
                    Err(e) => Err(e.to_string()),
                };
                let is_over = said.is_err();
                if sender.send(said).is_err() || is_over {
                    return;
                }
            }
        });
        Self { client, acks, address: format!("{host}:{port}") }
    }

    fn publish(&mut self, body: Vec<u8>, pause: &Pause<'_>) -> Result<(), DoorError> {
        let failed = |why: String| DoorError { door: self.address.clone(), why };
        self.client.publish(OBSERVATIONS, QoS::AtLeastOnce, false, body).map_err(|e| failed(e.to_string()))?;
        loop {
            match self.acks.recv_timeout(Duration::from_millis(100)) {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(why)) => return Err(failed(why)),
                Err(RecvTimeoutError::Timeout) if pause.is_over() => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(failed("the connection has ended".into())),
            }
        }
    }
}

impl Way for Mqtt {
    fn deliver(&mut self, drafts: &[Draft], pause: &Pause<'_>, summary: &mut Summary) -> Result<(), DoorError> {
        let mut body = Vec::new();
        let mut count = 0;
        for (i, draft) in drafts.iter().enumerate() {
            draft.write_line(&mut body);
            count += 1;
            if body.len() > MAX_MESSAGE_BYTES / 2 || i + 1 == drafts.len() {
                self.publish(std::mem::take(&mut body), pause)?;
                summary.accepted += count;
                count = 0;
            }
        }
        Ok(())
    }
}

impl Drop for Mqtt {
    fn drop(&mut self) {
        // Ends the thread; where the queue is full, the connection's end does.
        let _ = self.client.try_disconnect();
    }
}
