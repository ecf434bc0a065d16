//! UDP, and TCP as a client. Both need the capability `rawSockets`. Nothing here waits: ask again at the next `poll`.
//! A socket closes when it is dropped, and with the plugin.

use crate::{host::granted, sys, Result};

const DATAGRAM_MAX: usize = 65536;

#[derive(Debug)]
pub struct UdpSocket(i32);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    pub bytes: Vec<u8>,
    pub address: String,
    pub port: u16,
}

impl UdpSocket {
    /// On all interfaces; port 0 is any. Options may be set afterwards.
    pub fn bind(port: u16) -> Result<Self> {
        Self::open(0)?.bound(port)
    }

    pub fn bind_ipv6(port: u16) -> Result<Self> {
        Self::open(1)?.bound(port)
    }

    fn open(kind: i32) -> Result<Self> {
        let id = sys::udp_create(kind);
        granted(id > 0, || "no UDP socket: package.json needs \"rawSockets\": true, and a plugin may have 64".into())?;
        Ok(Self(id))
    }

    fn bound(self, port: u16) -> Result<Self> {
        granted(sys::udp_bind(self.0, port) >= 0, || format!("UDP port {port} cannot be had"))?;
        Ok(self)
    }

    /// `interface`: its address, or empty for the system's choice.
    pub fn join(&self, group: &str, interface: &str) -> Result {
        granted(sys::udp_join_multicast(self.0, group, interface) == 0, || format!("cannot join {group}"))
    }

    pub fn leave(&self, group: &str, interface: &str) -> Result {
        granted(sys::udp_leave_multicast(self.0, group, interface) == 0, || format!("cannot leave {group}"))
    }

    pub fn set_multicast_ttl(&self, ttl: u8) -> Result {
        granted(sys::udp_set_multicast_ttl(self.0, ttl.into()) == 0, || "cannot set the multicast TTL".into())
    }

    pub fn set_multicast_loopback(&self, on: bool) -> Result {
        granted(sys::udp_set_multicast_loopback(self.0, on) == 0, || "cannot set multicast loopback".into())
    }

    pub fn set_broadcast(&self, on: bool) -> Result {
        granted(sys::udp_set_broadcast(self.0, on) == 0, || "cannot allow broadcast".into())
    }

    /// Whether the server took it; a datagram can be lost all the same. Host names are looked up.
    pub fn send(&self, host: &str, port: u16, bytes: &[u8]) -> bool {
        usize::try_from(sys::udp_send(self.0, host, port, bytes)) == Ok(bytes.len())
    }

    /// The oldest that waits.
    pub fn receive(&self) -> Option<Datagram> {
        let (mut bytes, mut address, mut port) = (vec![0; DATAGRAM_MAX], [0; 64], 0);
        let n = usize::try_from(sys::udp_recv(self.0, &mut bytes, &mut address, &mut port)).ok().filter(|n| *n > 0)?;
        bytes.truncate(n);
        let end = address.iter().position(|b| *b == 0).unwrap_or(address.len());
        Some(Datagram { bytes, address: String::from_utf8_lossy(&address[..end]).into_owned(), port })
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        sys::udp_close(self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpState {
    Connecting,
    Connected,
    /// Refused or ended. On skiff what had arrived can still be read.
    Closed,
}

#[derive(Debug)]
pub struct TcpStream(i32);

impl TcpStream {
    /// Begins to connect, for whole lines of text: see [`TcpStream::line`].
    pub fn connect_lines(host: &str, port: u16) -> Result<Self> {
        Self::connect(host, port, true)
    }

    /// Begins to connect, for bytes: see [`TcpStream::bytes`].
    pub fn connect_bytes(host: &str, port: u16) -> Result<Self> {
        Self::connect(host, port, false)
    }

    fn connect(host: &str, port: u16, lines: bool) -> Result<Self> {
        let id = sys::tcp_create();
        granted(id > 0, || "no TCP socket: package.json needs \"rawSockets\": true, and a plugin may have 64".into())?;
        let stream = Self(id);
        sys::tcp_set_line_buffering(id, lines);
        granted(sys::tcp_connect(id, host, port) == 0, || format!("cannot connect to {host} port {port}"))?;
        Ok(stream)
    }

    pub fn state(&self) -> TcpState {
        match sys::tcp_connected(self.0) {
            0 => TcpState::Connecting,
            1 => TcpState::Connected,
            _ => TcpState::Closed,
        }
    }

    /// False: nothing was taken, too much waits already. What is sent before the connection stands is lost.
    pub fn send(&self, bytes: &[u8]) -> bool {
        usize::try_from(sys::tcp_send(self.0, bytes)) == Ok(bytes.len())
    }

    /// The next whole line without its end; empty lines are left out.
    pub fn line(&self) -> Option<String> {
        self.take(sys::tcp_recv_line).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What has arrived, in pieces of up to 64 KiB.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        self.take(sys::tcp_recv_raw)
    }

    fn take(&self, from: fn(i32, &mut [u8]) -> i32) -> Option<Vec<u8>> {
        let mut bytes = vec![0; DATAGRAM_MAX];
        let n = usize::try_from(from(self.0, &mut bytes)).ok().filter(|n| *n > 0)?;
        bytes.truncate(n);
        Some(bytes)
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        sys::tcp_close(self.0)
    }
}
